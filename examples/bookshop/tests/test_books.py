from unittest.mock import AsyncMock, patch

import httpx
import respx

from bookshop.settings import settings

ISBN = "9780141439518"


@respx.mock
def test_search_books(client):
    route = respx.get(f"{settings.catalogue_url}/books").respond(
        json={"items": [{"isbn": ISBN, "title": "Pride and Prejudice"}]}
    )
    response = client.get("/books", params={"q": "austen", "page": 2})
    assert response.status_code == 200
    assert response.json()["count"] == 1
    assert dict(route.calls.last.request.url.params) == {"q": "austen", "page": "2"}


def test_list_bestsellers(client):
    titles = ["Middlemarch", "Emma", "Villette"]
    with patch("httpx.AsyncClient") as mock:
        upstream = mock.return_value.__aenter__.return_value
        upstream.get = AsyncMock(
            return_value=httpx.Response(
                200,
                json=titles,
                request=httpx.Request("GET", f"{settings.catalogue_url}/bestsellers"),
            )
        )
        response = client.get("/books/bestsellers", params={"limit": 2})
    assert response.json() == ["Middlemarch", "Emma"]
    upstream.get.assert_awaited_once_with(f"{settings.catalogue_url}/bestsellers")


@respx.mock
def test_wishlist_forwards_token(client):
    route = respx.get(f"{settings.catalogue_url}/wishlist").respond(json=[{"isbn": ISBN}])
    response = client.get("/books/wishlist", headers={"Authorization": "Bearer anne"})
    assert response.json() == [{"isbn": ISBN}]
    assert route.calls.last.request.headers["authorization"] == "Bearer anne"


@respx.mock
def test_wishlist_rejects_invalid_token(client):
    respx.get(f"{settings.catalogue_url}/wishlist").respond(401)
    response = client.get("/books/wishlist", headers={"Authorization": "Bearer expired"})
    assert response.status_code == 401


@respx.mock
def test_list_prices(client):
    respx.get(f"{settings.catalogue_url}/prices/{ISBN}").respond(json={"cents": 899})
    respx.get(f"{settings.catalogue_url}/prices/9780141441146").respond(json={"cents": 750})
    response = client.get("/books/prices", params={"isbn": [ISBN, "9780141441146"]})
    assert response.json() == {ISBN: 899, "9780141441146": 750}


@respx.mock
def test_read_book(client):
    respx.get(f"{settings.catalogue_url}/books/{ISBN}").respond(json={"isbn": ISBN})
    response = client.get(f"/books/{ISBN}")
    assert response.status_code == 200
    assert response.json() == {"isbn": ISBN}


@respx.mock
def test_read_book_not_found(client):
    respx.get(f"{settings.catalogue_url}/books/{ISBN}").respond(404)
    response = client.get(f"/books/{ISBN}")
    assert response.status_code == 404


@respx.mock
def test_read_book_catalogue_down(client):
    respx.get(f"{settings.catalogue_url}/books/{ISBN}").mock(side_effect=httpx.ConnectError)
    response = client.get(f"/books/{ISBN}")
    assert response.status_code == 502
    assert response.json() == {"detail": "Catalogue unavailable"}


@respx.mock
def test_read_price(client):
    respx.get(f"{settings.catalogue_url}/prices/{ISBN}", params={"currency": "GBP"}).respond(
        json={"cents": 799}
    )
    response = client.get(f"/books/{ISBN}/price", params={"currency": "GBP"})
    assert response.json() == {"isbn": ISBN, "cents": 799, "currency": "GBP"}
