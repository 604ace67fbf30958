"""Which coroutines are programs that go on until they are stopped."""

from __future__ import annotations

import pytest
from small_projects import build_project


@pytest.mark.parametrize(
    ("returns", "is_program"),
    [
        ("", True),
        (" -> None", True),
        (" -> int", True),
        (' -> "None"', True),
        (" -> list[str]", False),
        (" -> tuple[list[str], int]", False),
    ],
)
def test_coroutine_that_is_said_to_return_what_it_found_is_no_program(returns: str, is_program: bool) -> None:
    project = build_project(
        {
            "main.py": f"""
            import asyncio

            async def main(stop: asyncio.Event){returns}:
                while not stop.is_set():
                    await asyncio.sleep(1)

            def run(stop: asyncio.Event):
                return asyncio.run(main(stop))
            """
        }
    )
    assert bool(project.programs.coroutines) is is_program


@pytest.mark.parametrize(
    ("body", "is_program"),
    [
        ("for message in KafkaConsumer('prices'):\n        print(message)", True),
        ("for message in KafkaConsumer('prices', consumer_timeout_ms=500):\n        print(message)", False),
        ("for row in csv.reader(open('consumers.csv')):\n        print(row)", False),
        ("for message in broker.pubsub().listen():\n        print(message)", True),
        ("for message in broker.pubsub().listen():\n        return message", False),
        ("for number in itertools.count(1):\n        print(number)", True),
        ("for number in itertools.count(1):\n        if number > 9:\n            break", False),
        ("threading.Thread(target=poll).start()", True),
        ("threading.Thread(target=poll, daemon=True).start()", False),
        ("threading.Thread(target=once).start()", False),
        ("pool.submit(poll)", True),
        ("tornado.ioloop.IOLoop.current().start()", True),
        ("worker = Worker(queue)\n    worker.work()", True),
        ("worker = Thing(queue)\n    worker.work()", False),
        ("worker = Own()\n    worker.run()", False),
        (
            "while True:\n        try:\n            once()\n        except SystemExit:\n            break",
            True,
        ),
        (
            "while True:\n        try:\n            once()\n        except ValueError:\n            break",
            False,
        ),
        ("while RUN:\n        once()", True),
        ("while True:\n        if once():\n            sys.exit(0)", False),
        (
            "while True:\n        try:\n            once()\n        except OSError:\n            sys.exit(1)",
            True,
        ),
        ("threading.Thread(target=spin).start()", False),
        ("tasks = [create_task(poll())]\n    queue.join()\n    tasks[0].cancel()", False),
        ("tasks = [create_task(poll())]\n    gather(tasks)", True),
        ("while run(once):\n        once()", False),
    ],
)
def test_program_goes_on_by_what_it_waits_for(body: str, is_program: bool) -> None:
    project = build_project(
        {
            "main.py": f"""
import csv, itertools, threading, tornado.ioloop
from kafka import KafkaConsumer
from rq import Worker

class Own:
    def run(self):
        return 1

def once():
    print(1)

def poll():
    while True:
        once()

def spin():
    while not stopped:
        once()

def main():
    {body}

if __name__ == "__main__":
    main()
"""
        }
    )
    assert bool(project.programs.functions) is is_program


@pytest.mark.parametrize(
    ("started", "functions", "coroutines"),
    [
        ("fire.Fire(poll)", ["poll"], []),
        ("fire.Fire(once)", [], []),
        ("runner.run(watch)", [], ["watch"]),
        ("runner.run(read)", [], []),
    ],
)
def test_what_a_runner_of_another_library_gets_is_a_program(
    started: str, functions: list[str], coroutines: list[str]
) -> None:
    project = build_project(
        {
            "main.py": f"""
import asyncio, fire, runner

def once():
    print(1)

def poll():
    while True:
        once()

async def watch():
    while True:
        await asyncio.sleep(1)

async def read() -> int:
    return 1

if __name__ == "__main__":
    {started}
"""
        }
    )
    assert [one.entry.name for one in project.programs.functions] == functions
    assert [one.entry.name for one in project.programs.coroutines] == coroutines


@pytest.mark.parametrize(("others", "found"), [(1, ["poll"]), (2, [])])
def test_command_that_goes_on_is_a_program_unless_most_others_end(others: int, found: list[str]) -> None:
    commands = "".join(f"@app.command()\ndef once_{i}():\n    print({i})\n\n" for i in range(others))
    project = build_project(
        {
            "main.py": f"""
import typer

app = typer.Typer()

{commands}
@app.command("poll")
def poll():
    while True:
        print(1)
"""
        }
    )
    assert [one.entry.name for one in project.programs.functions] == found


@pytest.mark.parametrize(("called", "found"), [("poll()", ["poll"]), ("once()", []), ("print(poll)", [])])
def test_function_that_a_module_calls_at_its_level_is_a_program(called: str, found: list[str]) -> None:
    project = build_project(
        {
            "main.py": f"""
def once():
    print(1)

def poll():
    while True:
        once()

{called}
"""
        }
    )
    assert [one.entry.name for one in project.programs.functions] == found
