//! Keys hash to 16 shards; a relay owns whole shards, so one replica publishes all events of a key.
//!
//! The hash is part of the stored data (`shard` columns) and of the routing between replicas: it never changes.

use colink_core::id::ChannelId;

/// Number of shards, fixed for good.
pub const SHARDS: i16 = 16;

/// The shard of a key, in `0..SHARDS`: FNV-1a, 64 bits, folded (<http://www.isthe.com/chongo/tech/comp/fnv/>).
#[must_use]
pub fn shard_of(key: &[u8]) -> i16 {
    let hash = key.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let folded = hash ^ (hash >> 32);
    i16::from((folded & 0x0f) as u8)
}

/// The shard of a channel: the value for a `shard` column, made when the row is inserted.
#[must_use]
pub fn shard_of_channel(channel_id: ChannelId) -> i16 {
    shard_of(channel_id.as_uuid().as_bytes())
}

/// A set of shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ShardSet(u16);

impl ShardSet {
    /// No shard.
    pub const EMPTY: Self = Self(0);
    /// Every shard.
    pub const ALL: Self = Self(u16::MAX);

    /// Whether `shard` is in the set.
    #[must_use]
    pub fn contains(self, shard: i16) -> bool {
        (0..SHARDS).contains(&shard) && self.0 & (1 << shard) != 0
    }

    /// The set with `shard` added.
    #[must_use]
    pub fn with(self, shard: i16) -> Self {
        if (0..SHARDS).contains(&shard) { Self(self.0 | (1 << shard)) } else { self }
    }

    /// The set with `shard` taken out.
    #[must_use]
    pub fn without(self, shard: i16) -> Self {
        if (0..SHARDS).contains(&shard) { Self(self.0 & !(1 << shard)) } else { self }
    }

    /// How many shards are in the set.
    #[must_use]
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The shards in ascending order, e.g. for `shard = any($1)`.
    #[must_use]
    pub fn to_vec(self) -> Vec<i16> {
        (0..SHARDS).filter(|shard| self.contains(*shard)).collect()
    }

    pub(crate) fn bits(self) -> u16 {
        self.0
    }

    pub(crate) fn from_bits(bits: u16) -> Self {
        Self(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn the_hash_never_changes() {
        let shards: Vec<i16> = ["", "a", "general", "0190a1b2-0000-7000-8000-000000000001"]
            .map(|key| shard_of(key.as_bytes()))
            .into();
        assert_eq!(shards, [1, 0, 13, 2]);
    }

    #[test]
    fn consecutive_ids_spread_over_all_shards() {
        let mut count = [0_u32; SHARDS as usize];
        for n in 0..16_000_u128 {
            let id = Uuid::from_u128(0x0190_a1b2_0000_7000_8000_0000_0000_0000 + n);
            count[shard_of(id.as_bytes()) as usize] += 1;
        }
        assert!(count.iter().all(|n| (700..1300).contains(n)), "{count:?}");
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set = ShardSet::EMPTY.with(0).with(15).with(3).without(3).with(99);
        assert_eq!(set.to_vec(), [0, 15]);
        assert_eq!(set.len(), 2);
        assert!(!set.contains(16) && !set.contains(-1));
        assert_eq!(ShardSet::ALL.len(), SHARDS as usize);
    }
}
