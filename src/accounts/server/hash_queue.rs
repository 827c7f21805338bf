//! Who may have a password hashed now: hashing takes a core and 19 MiB each.

use std::{
    collections::{HashMap, hash_map::Entry},
    num::NonZero,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use ipnet::IpNet;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use crate::server::client_address::ClientAddress;

/// Hashes that may wait for a free core before the server says it is busy.
const QUEUE: usize = 64;
/// How many of them may be of one client's network, so that none takes the whole queue.
const QUEUE_BY_NETWORK: usize = 16;
/// Places beside the queue, for those whom the server knows: a few networks together can take the whole of it.
const RESERVED: usize = 16;
/// How many of these may be of one network.
const RESERVED_BY_NETWORK: usize = 4;

/// Places in the queue, and cores.
#[derive(Clone)]
pub struct HashQueue {
    cores: Arc<Semaphore>,
    places: Places,
    reserved: Places,
}

impl Default for HashQueue {
    /// As many hashes at once as there are cores.
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            cores: Arc::new(Semaphore::new(cores)),
            places: Places::new(QUEUE + cores, QUEUE_BY_NETWORK),
            reserved: Places::new(RESERVED, RESERVED_BY_NETWORK),
        }
    }
}

impl HashQueue {
    /// A place in the queue, if there is one. Somebody `is_known` who has a session, a link that works, or a browser that
    /// has logged in to the account before.
    pub fn place(&self, client: ClientAddress, is_known: bool) -> Option<Place> {
        let network = client.network();
        let place = self.places.take(network);
        if is_known { place.or_else(|| self.reserved.take(network)) } else { place }
    }

    /// Whether somebody waits for a free core.
    pub fn is_waited_for(&self) -> bool {
        self.places.free.available_permits() < QUEUE
    }

    /// Waits for a free core.
    pub async fn core(&self, _place: &Place) -> Option<SemaphorePermit<'_>> {
        self.cores.acquire().await.ok()
    }
}

/// Some places, of which a network may have its share.
#[derive(Clone)]
struct Places {
    free: Arc<Semaphore>,
    taken: Arc<Mutex<HashMap<IpNet, usize>>>,
    most_by_network: usize,
}

impl Places {
    fn new(count: usize, most_by_network: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(count)), taken: Arc::default(), most_by_network }
    }

    fn take(&self, network: IpNet) -> Option<Place> {
        let share = NetworkShare::take(&self.taken, network, self.most_by_network)?;
        let permit = Arc::clone(&self.free).try_acquire_owned().ok()?;
        Some(Place { _share: share, _permit: permit, _counted: Counted::new() })
    }
}

/// A place in the queue, until it is dropped.
pub struct Place {
    _share: NetworkShare,
    _permit: OwnedSemaphorePermit,
    _counted: Counted,
}

/// The part of the queue that a network has taken.
struct NetworkShare {
    taken: Arc<Mutex<HashMap<IpNet, usize>>>,
    network: IpNet,
}

impl NetworkShare {
    fn take(taken: &Arc<Mutex<HashMap<IpNet, usize>>>, network: IpNet, most: usize) -> Option<Self> {
        let mut counts = taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(network).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Self { taken: Arc::clone(taken), network })
    }
}

impl Drop for NetworkShare {
    fn drop(&mut self) {
        let mut counts = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = counts.entry(self.network) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

/// Counts a hash that runs or waits, until it is dropped.
struct Counted;

impl Counted {
    fn new() -> Self {
        metrics::gauge!("password_hashes_waiting").increment(1);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::gauge!("password_hashes_waiting").decrement(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(last: u8) -> ClientAddress {
        ClientAddress::of([192, 0, 2, last].into())
    }

    #[tokio::test]
    async fn more_than_the_queue_holds_is_refused_at_once() {
        let queue = HashQueue::default();
        let all = queue.places.free.available_permits();
        let _taken = queue.places.free.acquire_many(u32::try_from(all).expect("few")).await.expect("open");
        assert!(queue.place(client(1), false).is_none());
    }

    #[tokio::test]
    async fn a_full_queue_leaves_places_for_those_who_are_known() {
        let queue = HashQueue::default();
        let all = queue.places.free.available_permits();
        let _taken = queue.places.free.acquire_many(u32::try_from(all).expect("few")).await.expect("open");
        let known: Vec<Place> = (0..4).map(|_| queue.place(client(1), true).expect("a place")).collect();
        assert!(queue.place(client(1), true).is_none(), "one network takes them all");
        assert!(queue.place(ClientAddress::of([192, 0, 3, 1].into()), true).is_some());
        drop(known);
        assert!(queue.place(client(1), true).is_some());
        assert!(queue.places.taken.lock().expect("no panic").is_empty(), "a place beside the queue counts in it");
    }

    #[test]
    fn one_network_leaves_places_in_the_queue_for_others() {
        let queue = HashQueue::default();
        let flood: Vec<Place> = (0..16).map(|n| queue.place(client(n), false).expect("a place")).collect();
        assert!(queue.place(client(99), false).is_none());
        assert!(queue.place(ClientAddress::of([192, 0, 3, 1].into()), false).is_some());
        drop(flood);
        assert!(queue.place(client(99), false).is_some());
        assert!(queue.places.taken.lock().expect("no panic").is_empty(), "networks are remembered");
    }
}
