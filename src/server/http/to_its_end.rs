//! A request is answered to its end, also when its client has gone. Without this the work stops at any `await`: between a
//! change and the mail about it, or in the middle of a statement, whose connection is then lost to the pool.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::runtime::Handle;
use tower::{Layer, Service};

/// Puts [`ToItsEnd`] around every answer.
#[derive(Clone, Copy)]
pub struct ToItsEndLayer;

impl<S> Layer<S> for ToItsEndLayer {
    type Service = ToItsEndService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ToItsEndService(inner)
    }
}

/// What [`ToItsEndLayer`] makes.
#[derive(Clone)]
pub struct ToItsEndService<S>(S);

impl<R, S> Service<R> for ToItsEndService<S>
where
    S: Service<R, Future: Send + 'static, Response: Send + 'static, Error: Send + 'static>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ToItsEnd<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        ToItsEnd(Some(Box::pin(self.0.call(request))))
    }
}

/// A future that goes on in a task of its own when it is dropped before its end.
pub struct ToItsEnd<F: Future<Output: Send> + Send + 'static>(Option<Pin<Box<F>>>);

impl<F: Future<Output: Send> + Send + 'static> Future for ToItsEnd<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // Nobody polls again after the end.
        let Some(future) = &mut self.0 else { return Poll::Pending };
        let output = ready!(future.as_mut().poll(context));
        self.0 = None;
        Poll::Ready(output)
    }
}

impl<F: Future<Output: Send> + Send + 'static> Drop for ToItsEnd<F> {
    fn drop(&mut self) {
        if let Some(future) = self.0.take()
            && !std::thread::panicking()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(async move { drop(future.await) });
        }
    }
}
