import json

import respx

from bookshop.settings import settings

ORDER = {
    "email": "anne@example.com",
    "card_token": "tok_visa",
    "lines": [{"isbn": "9780141439518", "quantity": 2}],
}


@respx.mock
def test_create_order_sends_confirmation(client):
    charge = respx.post(f"{settings.payments_url}/charges").respond(
        201, json={"order_id": "o-17", "status": "paid"}
    )
    mail = respx.post(f"{settings.mail_url}/messages").respond(202)
    response = client.post("/orders", json=ORDER)
    assert response.status_code == 201
    assert response.json() == {"order_id": "o-17", "status": "paid"}
    assert json.loads(charge.calls.last.request.content)["lines"] == ORDER["lines"]
    assert json.loads(mail.calls.last.request.content)["to"] == "anne@example.com"


@respx.mock
def test_create_order_card_declined(client):
    respx.post(f"{settings.payments_url}/charges").respond(402)
    response = client.post("/orders", json=ORDER)
    assert response.status_code == 402


@respx.mock
def test_read_order(client):
    respx.get(f"{settings.payments_url}/charges/o-17").respond(json={"status": "paid"})
    response = client.get("/orders/o-17")
    assert response.json() == {"status": "paid"}


@respx.mock
def test_track_order(client):
    route = respx.get(f"{settings.shipping_url}/shipments/o-17").respond(json={"state": "packed"})
    with client.websocket_connect("/ws/orders/o-17") as websocket:
        for isbn in ("9780141439518", "9780141441146"):
            websocket.send_text(isbn)
            assert websocket.receive_json() == {"state": "packed"}
            assert route.calls.last.request.url.params["isbn"] == isbn
