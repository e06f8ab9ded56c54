"""Following a log that a program is still writing."""

from pathlib import Path

from twin import processes


def test_a_line_that_is_being_written_is_given_whole_once_it_is(tmp_path: Path) -> None:
    log, rest = tmp_path / "log", ["nd\nthi", "rd\n"]
    log.write_text("first\nseco")

    def wanted() -> bool:
        if not rest:
            return False
        with log.open("a") as file:
            file.write(rest.pop(0))
        return True

    assert list(processes.follow(log, wanted)) == ["first", "second", "third"]


def test_of_a_log_that_nobody_follows_the_part_of_a_line_is_given_too(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("first\nseco")
    assert list(processes.follow(log, lambda: False)) == ["first", "seco"]
