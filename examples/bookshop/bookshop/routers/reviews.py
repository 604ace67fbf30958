from fastapi import APIRouter
from pydantic import BaseModel, Field

from bookshop.services.recommendations import ReviewService, recommend
from bookshop.settings import settings

router = APIRouter(prefix="/books/{isbn}", tags=["reviews"])

review_service = ReviewService(settings.reviews_url)


class ReviewIn(BaseModel):
    author: str
    rating: int = Field(ge=1, le=5)
    text: str = ""


@router.get("/reviews")
async def list_reviews(isbn: str):
    return await review_service.list_reviews(isbn)


@router.post("/reviews", status_code=201)
async def create_review(isbn: str, review: ReviewIn):
    return await review_service.add_review(isbn, review.model_dump())


@router.get("/recommendations")
async def list_recommendations(isbn: str, minimum_rating: float = 3.5):
    return await recommend(isbn, review_service, minimum_rating)
