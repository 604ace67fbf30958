from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.background import BackgroundTask

from bookshop.clients import covers_client

router = APIRouter(prefix="/covers", tags=["covers"])

FORWARDED_HEADERS = (
    "cache-control",
    "content-encoding",
    "content-length",
    "content-type",
    "etag",
    "last-modified",
)


@router.get("/{isbn}")
async def read_cover(isbn: str):
    request = covers_client.build_request("GET", f"/covers/{isbn}.jpg")
    upstream = await covers_client.send(request, stream=True)
    headers = {
        name: upstream.headers[name] for name in FORWARDED_HEADERS if name in upstream.headers
    }
    return StreamingResponse(
        upstream.aiter_raw(),
        status_code=upstream.status_code,
        headers=headers,
        background=BackgroundTask(upstream.aclose),
    )


@router.get("/{isbn}/thumbnail")
async def read_thumbnail(isbn: str, width: int = 120):
    upstream = await covers_client.send(
        covers_client.build_request("GET", f"/thumbnails/{isbn}.jpg", params={"width": width}),
        stream=True,
    )
    if upstream.status_code == 404:
        return JSONResponse({"detail": "Cover not found"}, status_code=404)

    media_type = upstream.headers.get("content-type", "image/jpeg")
    content = await upstream.aread()
    return Response(content, status_code=upstream.status_code, media_type=media_type)
