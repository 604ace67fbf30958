import logging

import httpx

from bookshop.settings import settings

logger = logging.getLogger(__name__)


def send_order_confirmation(email: str, order_id: str) -> None:
    try:
        response = httpx.post(
            f"{settings.mail_url}/messages",
            json={"to": email, "template": "order-confirmation", "order_id": order_id},
        )
        response.raise_for_status()
    except httpx.HTTPError as exc:
        logger.error("confirmation of order %s not sent: %s", order_id, exc)
