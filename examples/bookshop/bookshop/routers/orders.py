from fastapi import APIRouter, BackgroundTasks, HTTPException, WebSocket, WebSocketDisconnect
from httpx import AsyncClient
from pydantic import BaseModel, Field

from bookshop.services.notify import send_order_confirmation
from bookshop.settings import settings

router = APIRouter(tags=["orders"])


class OrderLine(BaseModel):
    isbn: str
    quantity: int = Field(default=1, ge=1)


class OrderIn(BaseModel):
    email: str
    card_token: str
    lines: list[OrderLine]


@router.post("/orders", status_code=201)
async def create_order(order: OrderIn, background_tasks: BackgroundTasks):
    async with AsyncClient() as client:
        response = await client.post(
            f"{settings.payments_url}/charges",
            json={
                "card_token": order.card_token,
                "lines": [line.model_dump() for line in order.lines],
            },
        )
        if response.status_code == 402:
            raise HTTPException(status_code=402, detail="Card declined")
        response.raise_for_status()
        charge = response.json()

    background_tasks.add_task(send_order_confirmation, order.email, charge["order_id"])
    return {"order_id": charge["order_id"], "status": charge["status"]}


@router.get("/orders/{order_id}")
async def read_order(order_id: str):
    async with AsyncClient() as client:
        response = await client.get(f"{settings.payments_url}/charges/{order_id}")
    if response.status_code == 404:
        raise HTTPException(status_code=404, detail="Order not found")
    response.raise_for_status()
    return response.json()


@router.websocket("/ws/orders/{order_id}")
async def track_order(websocket: WebSocket, order_id: str):
    await websocket.accept()
    async with AsyncClient() as client:
        try:
            while True:
                isbn = await websocket.receive_text()
                response = await client.get(
                    f"{settings.shipping_url}/shipments/{order_id}", params={"isbn": isbn}
                )
                await websocket.send_json(response.json())
        except WebSocketDisconnect:
            return
