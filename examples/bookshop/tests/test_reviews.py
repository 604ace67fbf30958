import json

import respx

from bookshop.settings import settings


@respx.mock
def test_list_reviews(client):
    respx.get(f"{settings.reviews_url}/reviews", params={"isbn": "1"}).respond(json=[{"rating": 5}])
    response = client.get("/books/1/reviews")
    assert response.json() == [{"rating": 5}]


@respx.mock
def test_create_review(client):
    route = respx.post(f"{settings.reviews_url}/reviews").respond(201, json={"id": 3})
    response = client.post("/books/1/reviews", json={"author": "Anne", "rating": 4})
    assert response.status_code == 201
    assert json.loads(route.calls.last.request.content)["isbn"] == "1"


@respx.mock
def test_list_recommendations(client):
    respx.get(f"{settings.catalogue_url}/books/1/similar").respond(json={"isbns": ["2", "3"]})
    respx.get(f"{settings.reviews_url}/reviews", params={"isbn": "2"}).respond(
        json=[{"rating": 5}, {"rating": 4}]
    )
    respx.get(f"{settings.reviews_url}/reviews", params={"isbn": "3"}).respond(json=[])
    respx.get(f"{settings.catalogue_url}/books/2").respond(json={"title": "Emma"})
    response = client.get("/books/1/recommendations")
    assert response.json() == [{"isbn": "2", "title": "Emma", "rating": 4.5}]
