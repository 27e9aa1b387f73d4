"""Many visitors at once: every one gets an answer of their own or a refusal, and a mix-up would be noticed."""

import asyncio

from lpgan_demo.benchmarks import visitors


def test_a_rush_is_served_to_the_last_and_nobody_gets_anothers_plate(address):
    report = asyncio.run(visitors.rush(address.rstrip("/"), 45))
    assert report["served in the end"] == 45
    assert report["got another visitor's plate"] == 0 and report["read exactly"] >= 43
    refused = report["refused at first, in these words"]
    assert report["served at once"] + sum(refused.values()) == 45
    assert all("Queue is full" in words for words in refused)


def test_a_broken_picture_is_refused_with_a_reason_and_a_photo_may_hold_several_plates(address):
    async def turns():
        async with visitors._client(address.rstrip("/")) as client:
            (picture,) = visitors.distinct_plates(1).values()
            broken = await visitors.request_reading(client, picture[:-200])
            return broken, await visitors.request_reading(client, picture, "read_photo")

    broken, photo = asyncio.run(turns())
    assert broken.text is None and "damaged" in broken.refusal and "/tmp" not in broken.refusal
    assert photo.text == next(iter(visitors.distinct_plates(1)))


def test_a_mix_up_is_told_from_a_mistake():
    assert visitors.count_mixed_up(["A", "B", "C"], ["B", "X", "C"]) == 1
    assert visitors.count_mixed_up(["A", "B"], [None, "B"]) == 0


def test_every_visitor_has_a_plate_of_their_own():
    made = visitors.distinct_plates(30)
    assert len(made) == 30 and len(set(made.values())) == 30


def test_a_stopped_page_ends_though_a_tab_is_open_and_leaves_no_visitors_file():
    with visitors.DemoProcess() as page:
        assert asyncio.run(visitors.rush(page.url, 2))["served in the end"] == 2
        assert page.visitor_files() >= 2
        ended = page.shut_down()
    assert ended["exit status"] == 0 and ended["files left"] == 0
