//! What others see of a user: the best of what his devices say.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A presence status, the most present last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PresenceStatus)]
pub enum Status {
    /// Connected and hidden: others see `offline`.
    Invisible,
    /// No device is connected.
    Offline,
    /// Connected, not looking.
    Away,
    /// Connected, wants no notifications.
    Dnd,
    /// Connected and there.
    Online,
}

impl Status {
    /// The name in frames and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invisible => "invisible",
            Self::Offline => "offline",
            Self::Away => "away",
            Self::Dnd => "dnd",
            Self::Online => "online",
        }
    }

    /// Reads a name as the store keeps it.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Invisible, Self::Offline, Self::Away, Self::Dnd, Self::Online]
            .into_iter()
            .find(|status| status.as_str() == name)
    }
}

/// The status over all devices, as others may see it. `invisible` on one device hides them all, and so
/// does `dnd` silence them all: both are a decision about the person, not about the device.
pub fn aggregate(devices: impl IntoIterator<Item = Status>) -> Status {
    let devices: Vec<Status> = devices.into_iter().collect();
    if devices.contains(&Status::Invisible) {
        return Status::Offline;
    }
    if devices.contains(&Status::Dnd) {
        return Status::Dnd;
    }
    devices.into_iter().max().unwrap_or(Status::Offline)
}

#[cfg(test)]
mod tests {
    use super::{Status, aggregate};

    ///
    #[test]
    fn the_best_device_counts_unless_the_person_chose_otherwise() {
        use Status::{Away, Dnd, Invisible, Offline, Online};
        let cases = [
            (vec![], Offline),
            (vec![Away], Away),
            (vec![Away, Online], Online),
            (vec![Online, Dnd], Dnd),
            (vec![Online, Invisible], Offline),
        ];
        for (devices, expected) in cases {
            assert_eq!(aggregate(devices.clone()), expected, "{devices:?}");
        }
    }

    #[test]
    fn every_status_is_read_as_it_is_written() {
        for status in [Status::Invisible, Status::Offline, Status::Away, Status::Dnd, Status::Online] {
            assert_eq!(Status::parse(status.as_str()), Some(status));
        }
        assert_eq!(Status::parse("asleep"), None);
    }
}
