import logging
from typing import Annotated

import httpx
from fastapi import APIRouter, Header, HTTPException, Query

from bookshop.settings import settings

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/books", tags=["books"])


async def _fetch_price(isbn: str, currency: str = "EUR") -> int:
    async with httpx.AsyncClient() as client:
        response = await client.get(
            f"{settings.catalogue_url}/prices/{isbn}", params={"currency": currency}
        )
    response.raise_for_status()
    return response.json()["cents"]


@router.get("")
async def search_books(q: str, page: int = 1):
    async with httpx.AsyncClient() as client:
        response = await client.get(
            f"{settings.catalogue_url}/books",
            params={"q": q, "page": page},
        )
        response.raise_for_status()

    books = response.json()["items"]
    return {"query": q, "page": page, "count": len(books), "books": books}


@router.get("/bestsellers")
async def list_bestsellers(limit: int = 10):
    # The ranking is computed on demand and is slow on Monday mornings.
    async with httpx.AsyncClient(timeout=10) as client:
        response = await client.get(f"{settings.catalogue_url}/bestsellers")
        response.raise_for_status()
        return response.json()[:limit]


@router.get("/wishlist")
async def read_wishlist(authorization: Annotated[str, Header()]):
    async with httpx.AsyncClient(headers={"Authorization": authorization}) as client:
        response = await client.get(f"{settings.catalogue_url}/wishlist")
    if response.status_code == 401:
        raise HTTPException(status_code=401, detail="Invalid token")
    response.raise_for_status()
    return response.json()


@router.get("/prices")
async def list_prices(isbn: Annotated[list[str], Query()]):
    return {number: await _fetch_price(number) for number in isbn}


@router.get("/{isbn}")
async def read_book(isbn: str):
    try:
        async with httpx.AsyncClient() as client:
            response = await client.get(f"{settings.catalogue_url}/books/{isbn}")
            if response.status_code == 404:
                raise HTTPException(status_code=404, detail="Book not found")
            response.raise_for_status()
            return response.json()
    except httpx.HTTPError as exc:
        logger.warning("catalogue lookup of %s failed: %s", isbn, exc)
        raise HTTPException(status_code=502, detail="Catalogue unavailable") from exc


@router.get("/{isbn}/price")
async def read_price(isbn: str, currency: str = "EUR"):
    cents = await _fetch_price(isbn, currency)
    return {"isbn": isbn, "cents": cents, "currency": currency}
