import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    catalogue_url: str
    covers_url: str
    payments_url: str
    shipping_url: str
    reviews_url: str
    mail_url: str


settings = Settings(
    catalogue_url=os.environ.get("CATALOGUE_URL", "http://catalogue.bookshop.example"),
    covers_url=os.environ.get("COVERS_URL", "http://covers.bookshop.example"),
    payments_url=os.environ.get("PAYMENTS_URL", "http://payments.bookshop.example"),
    shipping_url=os.environ.get("SHIPPING_URL", "http://shipping.bookshop.example"),
    reviews_url=os.environ.get("REVIEWS_URL", "http://reviews.bookshop.example"),
    mail_url=os.environ.get("MAIL_URL", "http://mail.bookshop.example"),
)
