"""A schedule in words: what is understood, and what is told about the rest."""

import pytest
from croniter import croniter

from jobs.phrases import Unclear, to_cron


@pytest.mark.parametrize(
    ("phrase", "cron"),
    [
        ("every weekday at 6:30", "30 6 * * 1-5"),
        ("Every  Weekday at 06:30.", "30 6 * * 1-5"),
        ("every monday at 9", "0 9 * * 1"),
        ("on mondays at 9 am", "0 9 * * 1"),
        ("every tue and fri at 9:15pm", "15 21 * * 2,5"),
        ("every friday, sunday and monday at 8", "0 8 * * 0,1,5"),
        ("every weekend at noon", "0 12 * * 0,6"),
        ("every day at 18:00", "0 18 * * *"),
        ("each day at 18.05", "5 18 * * *"),
        ("daily at midnight", "0 0 * * *"),
        ("every day at 12 am", "0 0 * * *"),
        ("every day at 12pm", "0 12 * * *"),
        ("every hour", "0 * * * *"),
        ("hourly", "0 * * * *"),
        ("every 6 hours", "0 */6 * * *"),
        ("every minute", "* * * * *"),
        ("every 15 minutes", "*/15 * * * *"),
        ("on the 1st at 7:00", "0 7 1 * *"),
        ("on the 1st and 15th at 7:00", "0 7 1,15 * *"),
        ("every month on the 3rd at 7", "0 7 3 * *"),
        ("on the 22nd of each month at 7", "0 7 22 * *"),
        ("monthly at 7:00", "0 7 1 * *"),
        ("on the last day of the month at 17:00", "0 17 L * *"),
        ("Werktags um 6:30", "30 6 * * 1-5"),
        ("jeden Werktag um 6.30 Uhr", "30 6 * * 1-5"),
        ("jeden Montag um 9 Uhr", "0 9 * * 1"),
        ("montags um 9 Uhr 15", "15 9 * * 1"),
        ("dienstags und freitags um 21:15", "15 21 * * 2,5"),
        ("am Freitag, Sonntag und Montag um 8", "0 8 * * 0,1,5"),
        ("am Sonnabend um 8", "0 8 * * 6"),
        ("am Wochenende um 12 Uhr", "0 12 * * 0,6"),
        ("jeden Tag um 18:00", "0 18 * * *"),
        ("täglich um Mitternacht", "0 0 * * *"),
        ("jede Stunde", "0 * * * *"),
        ("stündlich", "0 * * * *"),
        ("alle 6 Stunden", "0 */6 * * *"),
        ("jede Minute", "* * * * *"),
        ("alle 15 Minuten", "*/15 * * * *"),
        ("am 1. um 7:00", "0 7 1 * *"),
        ("am 1. und 15. des Monats um 7 Uhr", "0 7 1,15 * *"),
        ("jeden Monat am 3. um 7", "0 7 3 * *"),
        ("monatlich um 7:00", "0 7 1 * *"),
        ("am letzten Tag des Monats um 17:00", "0 17 L * *"),
    ],
)
def test_a_phrase_is_cron(phrase: str, cron: str) -> None:
    assert to_cron(phrase) == cron
    assert croniter.is_valid(cron)


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ("whenever", "every weekday at 6:30"),
        ("", "every weekday at 6:30"),
        ("every weekday", "names no time: add one, such as “every weekday at 6:30”"),
        ("daily", "names no time"),
        ("every blursday at 9", "“blursday” is no day"),
        ("every day at 25:00", "“25:00” is no time of day"),
        ("every day at 9:60", "is no time of day"),
        ("every day at 13 pm", "is no time of day"),
        ("every day at tea time", "is no time of day"),
        ("on the 32nd at 7:00", "“32nd” is no day of a month"),
        ("every 7 minutes", "does not come out even: write one of 1, 2, 3, 4, 5, 6, 10"),
        ("every 0 minutes", "does not come out even"),
        ("every 60 minutes", "does not come out even"),
        ("jeden Montag", "names no time: add one, such as “jeden Montag at 6:30”"),
        ("jeden Blumtag um 9", "“blumtag” is no day"),
        ("every 5 hours", "write one of 1, 2, 3, 4, 6, 8, 12"),
    ],
)
def test_what_is_not_understood_says_what_to_write(phrase: str, said: str) -> None:
    with pytest.raises(Unclear) as problem:
        to_cron(phrase)
    assert said in str(problem.value)
