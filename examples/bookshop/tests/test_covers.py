import respx

from bookshop.settings import settings


@respx.mock
def test_read_cover(client):
    respx.get(f"{settings.covers_url}/covers/9780141439518.jpg").respond(
        content=b"\xff\xd8cover", headers={"Content-Type": "image/jpeg", "ETag": '"a1"'}
    )
    response = client.get("/covers/9780141439518")
    assert response.status_code == 200
    assert response.content == b"\xff\xd8cover"
    assert response.headers["etag"] == '"a1"'


@respx.mock
def test_read_thumbnail(client):
    respx.get(
        f"{settings.covers_url}/thumbnails/9780141439518.jpg", params={"width": "80"}
    ).respond(content=b"\xff\xd8small", headers={"Content-Type": "image/jpeg"})
    response = client.get("/covers/9780141439518/thumbnail", params={"width": 80})
    assert response.content == b"\xff\xd8small"
    assert response.headers["content-type"] == "image/jpeg"


@respx.mock
def test_read_thumbnail_not_found(client):
    respx.get(f"{settings.covers_url}/thumbnails/0.jpg").respond(404)
    response = client.get("/covers/0/thumbnail")
    assert response.status_code == 404
