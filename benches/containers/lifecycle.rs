//! One container from creation to removal, 50 at once, and the memory that 50 idle ones cost, over the Docker Engine API.

use std::time::{Duration, Instant};

use bollard::Docker;
use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{
    CreateContainerOptions, RemoveContainerOptionsBuilder, StartContainerOptions, WaitContainerOptions,
};
use futures::StreamExt;
use futures::future::join_all;

/// How many there are in what is done with many.
pub const MANY: usize = 50;

/// One of the two sides.
pub struct Side {
    pub name: &'static str,
    pub host: String,
    docker: Docker,
}

impl Side {
    pub fn new(name: &'static str, host: &str) -> Side {
        let docker = Docker::connect_with_unix(host, 120, bollard::API_DEFAULT_VERSION).expect("an address");
        Side { name, host: host.to_owned(), docker }
    }

    /// Runs a container that ends at once, waits for its end, and removes it.
    pub async fn run_exit_remove(&self) -> Duration {
        let start = Instant::now();
        let id = self.create(&["true"]).await;
        let mut exit = self.docker.wait_container(&id, None::<WaitContainerOptions>);
        self.start(&id).await;
        exit.next().await.expect("an answer").expect("it ends with 0");
        self.remove(&id).await;
        start.elapsed()
    }

    /// Makes and starts many containers at the same time; gives the time until the last one runs, and their ids.
    pub async fn many(&self) -> (Duration, Vec<String>) {
        let start = Instant::now();
        let started = (0..MANY).map(|_| async {
            let id = self.create(&["sleep", "3600"]).await;
            self.start(&id).await;
            id
        });
        let ids = join_all(started).await;
        (start.elapsed(), ids)
    }

    pub async fn remove_all(&self, ids: &[String]) -> Duration {
        let start = Instant::now();
        join_all(ids.iter().map(|id| self.remove(id))).await;
        start.elapsed()
    }

    async fn create(&self, command: &[&str]) -> String {
        let body = ContainerCreateBody {
            image: Some("busybox:latest".to_owned()),
            cmd: Some(command.iter().map(|&word| word.to_owned()).collect()),
            host_config: Some(HostConfig::default()),
            ..ContainerCreateBody::default()
        };
        self.docker.create_container(None::<CreateContainerOptions>, body).await.expect("it is made").id
    }

    async fn start(&self, id: &str) {
        self.docker.start_container(id, None::<StartContainerOptions>).await.expect("it starts");
    }

    async fn remove(&self, id: &str) {
        let options = RemoveContainerOptionsBuilder::default().force(true).build();
        self.docker.remove_container(id, Some(options)).await.expect("it is removed");
    }
}
