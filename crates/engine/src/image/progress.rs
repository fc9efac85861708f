//! What the image store tells while it works, as lines of the API's progress streams.

use futures::StreamExt;
use futures::stream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use wharf_image::progress::{Progress, ProgressSink, Status};

use crate::io::ProgressStream;
use crate::model::progress::{Message, ProgressDetail};

/// The sending side of a stream. What is sent after the client left is forgotten.
#[derive(Clone)]
pub struct Reporter(UnboundedSender<Message>);

/// The receiving side.
pub type Receiver = UnboundedReceiver<Message>;

impl Reporter {
    /// Both sides.
    pub fn channel() -> (Reporter, Receiver) {
        let (sender, receiver) = unbounded_channel();
        (Reporter(sender), receiver)
    }

    /// A stream and the side that feeds it; the stream ends when all clones are dropped.
    pub fn stream() -> (Reporter, ProgressStream) {
        let (reporter, receiver) = Reporter::channel();
        (reporter, stream::unfold(receiver, next).boxed())
    }

    /// Sends a line.
    pub fn send(&self, message: Message) {
        // Without a receiver there is nobody to tell; the work itself goes on or not, as its caller decides.
        let _ = self.0.send(message);
    }

    /// Resolves when the client has left.
    pub async fn abandoned(&self) {
        self.0.closed().await;
    }

    /// A sink for the image store, which sends the messages that `translate` makes.
    pub fn sink(&self, translate: fn(Progress) -> Option<Message>) -> ProgressSink {
        let reporter = self.clone();
        ProgressSink::new(move |progress| {
            if let Some(message) = translate(progress) {
                reporter.send(message);
            }
        })
    }
}

async fn next(mut receiver: Receiver) -> Option<(Message, Receiver)> {
    Some((receiver.recv().await?, receiver))
}

/// A line of a pull or push.
pub fn line(progress: Progress) -> Option<Message> {
    Some(Message {
        status: Some(progress.status.to_string()),
        progress_detail: progress.id.is_some().then(|| detail(&progress)),
        id: progress.id,
        ..Message::default()
    })
}

/// A line of a load: the results are text, the rest is progress.
pub fn load_line(progress: Progress) -> Option<Message> {
    match progress.status {
        Status::LoadedImage { .. } | Status::LoadedImageId { .. } => {
            Some(Message::stream(format!("{}\n", progress.status)))
        }
        _ => line(progress),
    }
}

/// A line of a quiet load: only the results.
pub fn quiet_load_line(progress: Progress) -> Option<Message> {
    load_line(progress).filter(|message| message.stream.is_some())
}

fn detail(progress: &Progress) -> ProgressDetail {
    match progress.amount {
        Some(amount) => ProgressDetail {
            current: Some(amount.current),
            total: Some(amount.total).filter(|total| *total > 0),
        },
        None => ProgressDetail::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wharf_image::progress::Amount;

    #[test]
    fn amounts_are_details() {
        let amount = Some(Amount { current: 5, total: 10 });
        let progress = Progress { id: Some("abc".to_owned()), status: Status::Downloading, amount };
        let text = serde_json::to_string(&line(progress)).unwrap();
        assert_eq!(text, r#"{"status":"Downloading","progressDetail":{"current":5,"total":10},"id":"abc"}"#);
    }

    #[test]
    fn results_of_a_load_are_text() {
        let loaded = Status::LoadedImage { reference: "a:1".to_owned() };
        let progress = Progress { id: None, status: loaded, amount: None };
        assert_eq!(load_line(progress.clone()).unwrap().stream.unwrap(), "Loaded image: a:1\n");
        assert!(quiet_load_line(progress).is_some());
    }
}
