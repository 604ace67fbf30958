from fastapi import FastAPI

from bookshop.routers import books, covers, orders, reviews

app = FastAPI(title="Bookshop")

app.include_router(books.router)
app.include_router(orders.router)
app.include_router(covers.router)
app.include_router(reviews.router)


@app.get("/health")
async def health():
    return {"status": "ok"}
