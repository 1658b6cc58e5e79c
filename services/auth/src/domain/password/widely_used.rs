//! The passwords that are tried first. `common_passwords.md` says where the list is from.

/// In lower case, sorted by bytes, all ASCII, one a line.
static LIST: &str = include_str!("../common_passwords.txt");

/// Whether the text is on the list: as it is but for capitals, without the marks at its end that a composition rule makes
/// people append, or with letters where their usual stand-ins are.
pub(super) fn is_listed(text: &str) -> bool {
    let lower = text.to_lowercase();
    let bare = lower.trim_end_matches(|c: char| !c.is_alphanumeric());
    [&lower, bare, &without_stand_ins(&lower), &without_stand_ins(bare)].into_iter().any(contains)
}

fn without_stand_ins(text: &str) -> String {
    let letter = |c: char| match c {
        '0' => 'o',
        '1' => 'l',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    };
    text.chars().map(letter).collect()
}

/// Binary search by bytes: nothing is built at start, and nothing but the file is kept in memory.
fn contains(word: &str) -> bool {
    let (list, word) = (LIST.as_bytes(), word.as_bytes());
    let (mut low, mut high) = (0, list.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let (before, behind) = list.split_at(middle);
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |place| place + 1);
        let end = behind.iter().position(|byte| *byte == b'\n').map_or(list.len(), |place| middle + place);
        match list.get(start..end).cmp(&Some(word)) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// the search needs the order; every entry is found, and nothing beside it.
    #[test]
    fn the_list_is_in_order_and_every_entry_is_found() {
        let lines: Vec<&str> = LIST.lines().collect();
        assert!(lines.len() >= 10_000, "{} entries", lines.len());
        assert!(lines.is_sorted_by(|one, next| one.as_bytes() < next.as_bytes()));
        assert!(LIST.is_ascii() && lines.iter().all(|line| line.len() >= 8 && *line == line.to_lowercase()));
        for line in &lines {
            assert!(contains(line), "{line}");
        }
        for other in
            ["", "a", "\n", "zzzzzzzzzzzz", "password\n", "passwor", "0", "~~~~~~~~~", "gr4phite!pencil"]
        {
            assert!(!contains(other), "{other}");
        }
    }
}
