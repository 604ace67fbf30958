import httpx

from bookshop.settings import settings


class ReviewService:
    def __init__(self, base_url: str, timeout: float = 8.0) -> None:
        self._base_url = base_url
        self._timeout = timeout

    async def list_reviews(self, isbn: str) -> list[dict]:
        async with httpx.AsyncClient(base_url=self._base_url, timeout=self._timeout) as client:
            response = await client.get("/reviews", params={"isbn": isbn})
            response.raise_for_status()
            return response.json()

    async def add_review(self, isbn: str, review: dict) -> dict:
        async with httpx.AsyncClient(base_url=self._base_url, timeout=self._timeout) as client:
            response = await client.post("/reviews", json={"isbn": isbn, **review})
        response.raise_for_status()
        return response.json()

    async def average_rating(self, isbn: str) -> float:
        reviews = await self.list_reviews(isbn)
        if not reviews:
            return 0.0
        return sum(review["rating"] for review in reviews) / len(reviews)


async def fetch_similar(isbn: str) -> list[str]:
    async with httpx.AsyncClient() as client:
        response = await client.get(f"{settings.catalogue_url}/books/{isbn}/similar")
        if response.status_code == 404:
            return []
        response.raise_for_status()
        return response.json()["isbns"]


async def fetch_title(isbn: str) -> str:
    async with httpx.AsyncClient() as client:
        response = await client.get(f"{settings.catalogue_url}/books/{isbn}")
        response.raise_for_status()
    return response.json()["title"]


async def recommend(isbn: str, reviews: ReviewService, minimum_rating: float) -> list[dict]:
    recommended = []
    for candidate in await fetch_similar(isbn):
        rating = await reviews.average_rating(candidate)
        if rating >= minimum_rating:
            title = await fetch_title(candidate)
            recommended.append({"isbn": candidate, "title": title, "rating": rating})
    return sorted(recommended, key=lambda book: book["rating"], reverse=True)
