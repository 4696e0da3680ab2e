"""The plan as a picture: everything stands right of what it needs, inside the picture, and can be heard."""

from jobs.inbox import graph
from jobs.models import Task


def plan(*needs: list[int]) -> list[Task]:
    """A plan whose steps need these."""
    return [
        Task(position=place, agent="drafting", title=f"Step {place}", needs=needed, state="pending")
        for place, needed in enumerate(needs, start=1)
    ]


def test_a_step_stands_right_of_what_it_needs() -> None:
    drawn = graph.draw(plan([], [], [1, 2], [3]))
    first, second, third, fourth = drawn.nodes
    assert first.x == second.x < third.x < fourth.x
    assert first.y < second.y
    assert len(drawn.paths) == 3
    assert all(0 < node.x < drawn.width and 0 < node.label_y <= drawn.height for node in drawn.nodes)


def test_five_in_a_row_fit_beside_a_phones_edge_or_scroll_in_their_box() -> None:
    assert graph.draw(plan([], [1], [2], [3], [4])).width < 480
    assert graph.draw(plan([], [1], [2])).width < 360


def test_it_says_what_it_shows() -> None:
    assert graph.draw(plan([], [1])).says == "Step 1: drafting, pending. Step 2: drafting, after step 1, pending."


def test_what_is_not_planned_is_no_picture() -> None:
    assert graph.draw([]).nodes == []


def test_a_need_that_is_not_there_draws_no_line() -> None:
    assert graph.draw(plan([7])).paths == []
