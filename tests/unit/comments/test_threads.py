"""The shape of a conversation."""

from webapp.comments import threads
from webapp.comments.threads import grow


def shape(nodes):
    return {node.id: shape(node.replies) for node in nodes}


def test_replies_hang_on_what_they_answer():
    assert shape(grow([(1, None, True), (2, 1, True), (3, None, True), (4, 1, True)])) == {1: {2: {}, 4: {}}, 3: {}}


def test_from_the_second_level_on_it_is_flat_in_the_order_of_saying():
    roots = grow([(1, None, True), (2, 1, True), (3, 2, True), (4, 2, True), (5, 3, True), (6, 5, True), (7, 4, True)])
    assert shape(roots) == {1: {2: {3: {}, 4: {}, 5: {}, 6: {}, 7: {}}}}
    flat = roots[0].replies[0].replies
    assert [node.id for node in flat] == [3, 4, 5, 6, 7]
    assert [node.answers for node in flat] == [None, None, 3, 5, 4]


def test_what_is_gone_stays_only_above_what_is_shown():
    rows = [(1, None, False), (2, 1, False), (3, 2, True), (4, 1, False), (5, None, False)]
    (root,) = grow(rows)
    assert shape([root]) == {1: {2: {3: {}}}}
    assert [root.is_shown, root.replies[0].is_shown] == [False, False]


def test_a_reply_whose_parent_is_no_more_stands_by_itself():
    assert shape(grow([(2, 1, True)])) == {2: {}}


def test_a_circle_is_left_out_and_hangs_nothing_up():
    assert shape(grow([(1, 2, True), (2, 1, True), (3, None, True)])) == {3: {}}


def test_ten_thousand_answers_to_answers_are_drawn():
    rows = [(number, number - 1 or None, True) for number in range(1, 10_001)]
    roots = grow(rows)
    assert len(threads.ids(roots)) == 10_000
    assert max(node.depth for node in roots[0].replies[0].replies) == 2
