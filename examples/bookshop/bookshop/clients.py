import httpx

from bookshop.settings import settings

covers_client = httpx.AsyncClient(base_url=settings.covers_url)
