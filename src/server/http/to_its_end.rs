//! A request is answered to its end, even when its client has gone. Without this, the work stops wherever it waits: between
//! a change and the mail about it, or in the middle of a statement, whose connection is then lost to the pool.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{sync::Semaphore, time};
use tokio_util::task::TaskTracker;
use tower::{Layer, Service};
use tracing::{Instrument as _, Span};

/// How many requests may go on without their clients. Those beyond stop where they wait.
const MAX_WITHOUT_CLIENT: usize = 1_000;

/// Puts [`ToItsEnd`] around every answer, and knows which go on without their clients.
#[derive(Clone)]
pub struct ToItsEndLayer {
    tasks: TaskTracker,
    places: Arc<Semaphore>,
}

impl Default for ToItsEndLayer {
    fn default() -> Self {
        Self { tasks: TaskTracker::new(), places: Arc::new(Semaphore::new(MAX_WITHOUT_CLIENT)) }
    }
}

impl ToItsEndLayer {
    /// Waits for what still goes on, but for no longer than `timeout`. To be called when no more requests come.
    pub async fn wait(&self, timeout: Duration) {
        self.tasks.close();
        if time::timeout(timeout, self.tasks.wait()).await.is_err() {
            tracing::warn!(requests = self.tasks.len(), "requests whose clients have gone were cut off");
        }
    }
}

impl<S> Layer<S> for ToItsEndLayer {
    type Service = ToItsEndService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ToItsEndService { inner, all: self.clone() }
    }
}

/// What [`ToItsEndLayer`] makes.
#[derive(Clone)]
pub struct ToItsEndService<S> {
    inner: S,
    all: ToItsEndLayer,
}

impl<R, S> Service<R> for ToItsEndService<S>
where
    S: Service<R, Future: Send + 'static, Response: Send + 'static, Error: Send + 'static>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ToItsEnd<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let span = Span::current();
        ToItsEnd { future: Some(Box::pin(self.inner.call(request))), all: self.all.clone(), span }
    }
}

/// A future that goes on in a task of its own when it is dropped before its end.
pub struct ToItsEnd<F: Future<Output: Send> + Send + 'static> {
    future: Option<Pin<Box<F>>>,
    all: ToItsEndLayer,
    /// The request's own, for the log.
    span: Span,
}

impl<F: Future<Output: Send> + Send + 'static> Future for ToItsEnd<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // Nobody polls again after the end.
        let Some(future) = &mut self.future else { return Poll::Pending };
        let output = ready!(future.as_mut().poll(context));
        self.future = None;
        Poll::Ready(output)
    }
}

impl<F: Future<Output: Send> + Send + 'static> Drop for ToItsEnd<F> {
    fn drop(&mut self) {
        let Some(future) = self.future.take() else { return };
        if std::thread::panicking() {
            return;
        }
        let (Ok(runtime), Ok(place)) =
            (tokio::runtime::Handle::try_current(), self.all.places.clone().try_acquire_owned())
        else {
            return;
        };
        let work = async move {
            drop(future.await);
            drop(place);
        };
        self.all.tasks.spawn_on(work.instrument(self.span.clone()), &runtime);
    }
}
