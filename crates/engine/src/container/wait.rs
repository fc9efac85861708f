//! Waiting for the end of a container (`POST /containers/{id}/wait`).

use tokio::sync::watch;

use super::instance::{Container, Phase};
use super::requests::{WaitCondition, Waiting};
use crate::error::Error;
use crate::model::summary::{WaitError, WaitResult};

/// Registers a wait; what happens after this returns is not missed.
pub fn wait(container: &Container, condition: WaitCondition) -> Waiting {
    let mut phase = container.phase();
    let exits = phase.borrow_and_update().exits;
    let id = container.id().to_owned();
    Box::pin(async move {
        let reached = match condition {
            WaitCondition::NotRunning => until(&mut phase, |phase| !phase.running || phase.removed).await,
            WaitCondition::NextExit => until(&mut phase, |phase| phase.exits > exits || phase.removed).await,
            // Why a start failed is told by the start; the removal itself went well.
            WaitCondition::Removed => until(&mut phase, |phase| phase.removed)
                .await
                .map(|phase| Phase { error: String::new(), ..phase }),
        };
        reached
            .map(result)
            .ok_or_else(|| Error::Unavailable(format!("the engine ends; container {id} goes on")))
    })
}

async fn until(phase: &mut watch::Receiver<Phase>, condition: impl FnMut(&Phase) -> bool) -> Option<Phase> {
    phase.wait_for(condition).await.ok().map(|phase| phase.clone())
}

fn result(phase: Phase) -> WaitResult {
    let error = Some(phase.error).filter(|message| !message.is_empty()).map(|message| WaitError { message });
    WaitResult { status_code: phase.exit_code.into(), error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn conditions() {
        let (sender, receiver) = watch::channel(Phase { running: true, ..Phase::default() });
        let waiting = |condition: fn(&Phase) -> bool| {
            let mut receiver = receiver.clone();
            async move { until(&mut receiver, condition).await.unwrap().exit_code }
        };
        let not_running = tokio::spawn(waiting(|phase| !phase.running));
        let next_exit = tokio::spawn(waiting(|phase| phase.exits > 0));
        sender.send_modify(|phase| (phase.running, phase.exit_code) = (false, 7));
        sender.send_modify(|phase| phase.exits += 1);
        assert_eq!((not_running.await.unwrap(), next_exit.await.unwrap()), (7, 7));
    }
}
