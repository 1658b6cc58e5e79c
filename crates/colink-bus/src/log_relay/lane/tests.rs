use super::*;

const PATIENCE: Duration = Duration::from_millis(100);

fn lane(published: i64) -> (Lane<i64>, Instant) {
    let now = Instant::now();
    (Lane::after(published, now), now)
}

fn send_all(lane: &mut Lane<i64>) -> Vec<i64> {
    let mut sent = Vec::new();
    while let Some((seq, _)) = lane.ready() {
        sent.push(seq);
        lane.sent();
    }
    sent
}

fn rows(range: std::ops::RangeInclusive<i64>) -> Vec<(i64, i64)> {
    range.map(|seq| (seq, seq)).collect()
}

#[test]
fn rows_that_come_in_any_order_leave_in_order() {
    let (mut lane, now) = lane(0);
    let mut sent = Vec::new();
    for seq in [2, 3, 1, 5, 4, 4, 2] {
        lane.offer(seq, seq, now);
        sent.extend(send_all(&mut lane));
    }
    assert_eq!(sent, [1, 2, 3, 4, 5]);
}

#[test]
fn a_row_ahead_of_order_waits_for_its_predecessor() {
    let (mut lane, now) = lane(10);
    lane.offer(12, 12, now);
    assert!(lane.ready().is_none());
    assert_eq!(lane.wants_read(now, PATIENCE), None);
    lane.offer(11, 11, now);
    assert_eq!(send_all(&mut lane), [11, 12]);
}

#[test]
fn a_hole_that_does_not_close_in_time_is_read_once() {
    let (mut lane, now) = lane(10);
    lane.offer(13, 13, now);
    assert_eq!(lane.wants_read(now, PATIENCE), None);
    let later = now + PATIENCE;
    assert_eq!(lane.wants_read(later, PATIENCE), Some(Why::Hole));
    assert_eq!(lane.read_after(), 10);
    assert_eq!(lane.wants_read(later, PATIENCE), None, "one read at a time");
    assert_eq!(lane.read(rows(11..=13), 256, later), 0);
    assert_eq!(send_all(&mut lane), [11, 12, 13]);
}

#[test]
fn only_an_unbroken_run_of_acknowledgements_is_marked() {
    let (mut lane, now) = lane(0);
    for seq in 1..=4 {
        lane.offer(seq, seq, now);
    }
    send_all(&mut lane);
    lane.settle(2);
    lane.settle(3);
    assert_eq!(lane.to_mark(), None);
    lane.settle(1);
    assert_eq!(lane.to_mark(), Some(3));
    lane.marked(3);
    assert_eq!(lane.to_mark(), None);
    assert!(!lane.at_rest());
    lane.settle(4);
    lane.marked(4);
    assert!(lane.at_rest());
}

#[test]
fn a_refused_row_and_all_after_it_are_sent_again_in_order() {
    let (mut lane, now) = lane(0);
    for seq in 1..=4 {
        lane.offer(seq, seq, now);
    }
    send_all(&mut lane);
    lane.settle(1);
    lane.settle(3);
    lane.failed(2, now);
    assert!(lane.ready().is_none(), "a pause comes first");
    let later = now + Duration::from_secs(1);
    assert_eq!(lane.wants_read(later, PATIENCE), None);
    assert_eq!(send_all(&mut lane), [2, 4]);
}

#[test]
fn a_full_channel_keeps_its_oldest_rows_and_reads_the_others_later() {
    let (mut lane, now) = lane(0);
    let total = HELD_ROWS as i64 + 5;
    for seq in 2..=total {
        lane.offer(seq, seq, now);
    }
    lane.offer(1, 1, now);
    for _ in 0..HELD_ROWS / SENT_ROWS {
        let sent = send_all(&mut lane);
        assert_eq!(sent.len(), SENT_ROWS);
        assert_eq!(lane.wants_read(now, PATIENCE), None, "too many are on their way");
        for seq in sent {
            lane.settle(seq);
        }
    }
    assert_eq!(lane.wants_read(now, PATIENCE), Some(Why::Behind));
    assert_eq!(lane.read_after(), HELD_ROWS as i64);
    lane.read(rows(lane.read_after() + 1..=total), 256, now);
    assert_eq!(send_all(&mut lane).len(), 5);
    assert_eq!(lane.wants_read(now, PATIENCE), None);
}

#[test]
fn a_channel_without_acknowledgements_stops_and_one_without_copies_does_not() {
    let (mut lane, now) = lane(0);
    let total = SENT_ROWS as i64 + 5;
    for seq in 1..=total {
        lane.offer(seq, seq, now);
    }
    assert_eq!(send_all(&mut lane).len(), SENT_ROWS);
    let later = now + PATIENCE * 10;
    assert_eq!(lane.wants_read(later, PATIENCE), None, "what is held in order is no hole");
    for seq in 1..=3 {
        lane.stored(seq);
    }
    assert_eq!(send_all(&mut lane).len(), 3);
    assert_eq!(lane.to_mark(), None, "the copies come first");
    for seq in 1..=3 {
        lane.settle(seq);
    }
    assert!(lane.ready().is_none(), "a copy makes no room");
    assert_eq!(lane.to_mark(), Some(3));
    lane.settle(4);
    assert_eq!(send_all(&mut lane), [total - 1]);
}

#[test]
fn a_full_read_is_followed_by_another() {
    let (mut lane, now) = lane(0);
    lane.fall_behind();
    assert_eq!(lane.wants_read(now, PATIENCE), Some(Why::Behind));
    lane.read(rows(1..=3), 3, now);
    assert_eq!(send_all(&mut lane), [1, 2, 3]);
    assert_eq!(lane.wants_read(now, PATIENCE), Some(Why::Behind));
    lane.read(rows(4..=4), 3, now);
    assert_eq!(send_all(&mut lane), [4]);
    assert_eq!(lane.wants_read(now, PATIENCE), None);
}

#[test]
fn rows_the_log_does_not_have_are_skipped_only_after_several_reads() {
    let (mut lane, now) = lane(10);
    lane.offer(13, 13, now);
    let mut at = now;
    for _ in 1..BARREN_READS {
        lane.wants_read(at, PATIENCE);
        at += PATIENCE;
        assert_eq!(lane.wants_read(at, PATIENCE), Some(Why::Hole));
        assert_eq!(lane.read(rows(13..=13), 256, at), 0);
    }
    at += PATIENCE;
    assert_eq!(lane.wants_read(at, PATIENCE), Some(Why::Hole));
    assert_eq!(lane.read(rows(13..=13), 256, at), 2);
    assert_eq!(send_all(&mut lane), [13]);
    lane.settle(13);
    assert_eq!(lane.to_mark(), Some(13));
}

#[test]
fn a_lost_hand_over_is_noticed_by_the_second_sweep_without_progress() {
    let (mut lane, now) = lane(5);
    lane.swept(7);
    assert_eq!(lane.wants_read(now, PATIENCE), None, "it may be on its way");
    lane.offer(6, 6, now);
    lane.offer(7, 7, now);
    send_all(&mut lane);
    lane.swept(8);
    assert_eq!(lane.wants_read(now, PATIENCE), None, "there was progress");
    lane.swept(8);
    assert_eq!(lane.wants_read(now, PATIENCE), Some(Why::Behind));
}

#[test]
fn what_another_owner_published_is_not_sent_again() {
    let (mut lane, now) = lane(5);
    lane.offer(7, 7, now);
    lane.learn(8);
    assert!(lane.at_rest());
    lane.offer(9, 9, now);
    assert_eq!(send_all(&mut lane), [9]);
    lane.learn(3);
    lane.settle(9);
    assert_eq!(lane.to_mark(), Some(9));
}

#[test]
fn a_failed_read_is_tried_again_after_a_pause() {
    let (mut lane, now) = lane(0);
    lane.fall_behind();
    assert_eq!(lane.wants_read(now, PATIENCE), Some(Why::Behind));
    lane.read_failed(now);
    assert_eq!(lane.wants_read(now, PATIENCE), None);
    assert_eq!(lane.wants_read(now + Duration::from_secs(2), PATIENCE), Some(Why::Behind));
}

#[test]
fn a_mark_that_is_always_left_out_becomes_overdue_until_it_is_written() {
    let (mut lane, now) = lane(0);
    lane.offer(1, 1, now);
    send_all(&mut lane);
    lane.settle(1);
    for _ in 1..PASSED_OVER {
        lane.passed_over();
        assert!(!lane.is_overdue());
    }
    lane.passed_over();
    assert!(lane.is_overdue());
    assert_eq!(lane.to_mark(), Some(1));
    lane.marked(1);
    assert!(!lane.is_overdue());
}
