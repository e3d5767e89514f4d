//! A credential provider that panics gives no credentials, and the program goes on to say so.
//!
//! The SDK signs for the roles of a profile's chain by itself, and panics where the credentials that it got from a
//! process or a container on the way cannot be in a header: a line end, say. They are nowhere to be looked at before.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::sync::Once;
use std::task::{Context, Poll};

thread_local! {
    /// Whether this thread polls what may panic.
    static CATCHES: Cell<bool> = const { Cell::new(false) };
}

/// That a future panicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Panicked;

/// A future whose panic is its result.
pub struct Caught<'a, T>(Pin<Box<dyn Future<Output = T> + Send + 'a>>);

impl<'a, T> Caught<'a, T> {
    /// Catches what a future panics with, and prints none of it.
    pub fn of(future: impl Future<Output = T> + Send + 'a) -> Self {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let others = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                if !CATCHES.get() {
                    others(info);
                }
            }));
        });
        Self(Box::pin(future))
    }
}

impl<T> Future for Caught<'_, T> {
    type Output = Result<T, Panicked>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        CATCHES.set(true);
        let polled = panic::catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(context)));
        CATCHES.set(false);
        match polled {
            Ok(polled) => polled.map(Ok),
            Err(_) => Poll::Ready(Err(Panicked)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_result() {
        let late = async {
            tokio::task::yield_now().await;
            panic!("of the provider's own");
        };
        assert_eq!(Caught::of(late).await, Err::<(), _>(Panicked));
        assert_eq!(Caught::of(async { 1 }).await, Ok(1));
    }
}
