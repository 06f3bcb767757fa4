"""Jobs: one after the other, cancelled when nobody wants them, forgotten when they are old."""

from pathlib import Path

import pytest

from inference.web.jobs import Job, Jobs
from inference.web.request_error import RequestError
from inference.web.wish import Wish
from tests.inference.web.conftest import Worker


def add(jobs: Jobs, label: str = "song.wav") -> Job:
    return jobs.add(lambda folder: Wish("quickstart", label, folder / "motion.wav", 1.0))


def until_over(jobs: Jobs, job: Job) -> str:
    import time

    end = time.monotonic() + 20
    while job.state in ("waiting", "working"):
        assert time.monotonic() < end
        time.sleep(0.01)
    return job.state


def test_one_is_done_at_a_time_in_the_order_of_their_coming(jobs: Jobs, worker: Worker) -> None:
    first = add(jobs, "first")
    worker.began.wait(20)
    second, third = add(jobs, "second"), add(jobs, "third")
    assert [jobs.described(job)["ahead"] for job in (first, second, third)] == [0, 1, 2]
    assert [job.state for job in (first, second, third)] == ["working", "waiting", "waiting"]
    worker.go.set()
    assert until_over(jobs, third) == "finished"
    assert [wish.label for wish in worker.wishes] == ["first", "second", "third"]


def test_too_many_may_not_wait(jobs: Jobs, worker: Worker, tmp_path: Path) -> None:
    add(jobs)
    worker.began.wait(20)
    add(jobs), add(jobs)
    with pytest.raises(RequestError, match="too many are waiting"):
        add(jobs)
    assert len(list((tmp_path / "jobs").iterdir())) == 3


def test_a_waiting_job_that_is_cancelled_is_never_begun(jobs: Jobs, worker: Worker) -> None:
    first = add(jobs, "first")
    worker.began.wait(20)
    second, third = add(jobs, "second"), add(jobs, "third")
    jobs.cancel(second.key)
    assert second.state == "cancelled"
    worker.go.set()
    until_over(jobs, third)
    assert [wish.label for wish in worker.wishes] == ["first", "third"]
    assert first.state == "finished"


def test_a_job_at_work_ends_when_it_next_tells(jobs: Jobs, worker: Worker) -> None:
    job = add(jobs)
    worker.began.wait(20)
    jobs.cancel(job.key)
    worker.go.set()
    assert until_over(jobs, job) == "cancelled"
    assert jobs.described(job)["files"] == []


def test_cancelling_what_is_over_changes_nothing(jobs: Jobs, worker: Worker) -> None:
    worker.go.set()
    job = add(jobs)
    until_over(jobs, job)
    jobs.cancel(job.key)
    assert jobs.described(job)["state"] == "finished"


def test_a_users_mistake_is_told_and_the_next_job_is_done(jobs: Jobs, worker: Worker) -> None:
    worker.mistake = RequestError("song.wav is silent")
    worker.go.set()
    job = add(jobs)
    assert until_over(jobs, job) == "failed"
    assert job.problem == "song.wav is silent"
    worker.mistake = None
    assert until_over(jobs, add(jobs)) == "finished"


def test_a_mistake_of_the_program_is_logged_and_not_shown(
    jobs: Jobs, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    worker.mistake = ZeroDivisionError("secret")
    worker.go.set()
    job = add(jobs)
    assert until_over(jobs, job) == "failed"
    assert "secret" not in job.problem
    assert "secret" in caplog.text


def test_old_jobs_are_forgotten_with_their_files(jobs: Jobs, worker: Worker, tmp_path: Path) -> None:
    worker.go.set()
    done = []
    for _ in range(4):
        done.append(add(jobs))
        until_over(jobs, done[-1])
    add(jobs)
    with pytest.raises(RequestError, match="no such job"):
        jobs.find(done[0].key)
    assert not done[0].folder.exists()
    assert jobs.find(done[3].key).results.is_dir()


def test_a_wish_that_cannot_be_read_leaves_no_folder(jobs: Jobs, tmp_path: Path) -> None:
    def refuse(folder: Path) -> Wish:
        (folder / "motion.wav").write_bytes(b"half")
        raise RequestError("no")

    with pytest.raises(RequestError, match="no"):
        jobs.add(refuse)
    assert not list((tmp_path / "jobs").iterdir())


def test_closing_ends_the_work(jobs: Jobs, worker: Worker) -> None:
    first = add(jobs)
    worker.began.wait(20)
    second = add(jobs)
    worker.go.set()
    jobs.close()
    assert first.state in ("cancelled", "finished")
    assert second.state == "cancelled"
