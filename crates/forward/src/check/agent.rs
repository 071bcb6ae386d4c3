//! `agent-check`: asks an agent beside each server what it thinks of it (manual 5.2).
//!
//! An agent that cannot be reached or says nothing changes nothing.

use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use config::model::{AgentCheck, Server as ServerLine};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout};

use crate::generation::Generation;
use crate::io::{ConnectTo, Connector, Io as _, ServerAddress};
use crate::live::{Backend, CheckAims};
use crate::worker::Worker;

/// More of a reply than this is not read.
const LONGEST: usize = 4096;

/// An agent to be asked.
pub(super) struct Agent {
    backend: Arc<Backend>,
    server: u32,
    interval: Duration,
    port: u16,
    address: Option<IpAddr>,
    question: String,
}

/// The agents of a generation.
pub(super) fn agents(generation: &Generation) -> Vec<Agent> {
    let mut agents = Vec::new();
    for (backend, live) in generation.program.backends().zip(&generation.live.backends) {
        for (line, server) in backend.servers().iter().zip(0..) {
            if let Some(agent) = line.settings.agent.as_ref().filter(|agent| agent.on) {
                agents.push(Agent::of(live, server, line, agent));
            }
        }
    }
    agents
}

impl Agent {
    fn of(backend: &Arc<Backend>, server: u32, line: &ServerLine, agent: &AgentCheck) -> Agent {
        let inter = agent.inter.or(line.settings.inter);
        Agent {
            backend: Arc::clone(backend),
            server,
            interval: inter.map_or(Duration::from_secs(2), |inter| inter.value),
            port: agent.port.map_or(0, |port| port.value),
            address: agent.addr.as_ref().and_then(|address| address.value.parse().ok()),
            question: agent.send.as_ref().map(|send| send.value.clone()).unwrap_or_default(),
        }
    }

    /// Asks for ever.
    pub(super) async fn run<C: Connector>(self, worker: Rc<Worker<C>>) {
        let mut next = Instant::now();
        loop {
            tokio::time::sleep_until(next).await;
            let began = Instant::now();
            if !self.aims().agent_paused
                && let Ok(Some((reply, mut io))) = timeout(self.interval, self.ask(&worker)).await
            {
                // What it says holds when the agent sees the connection end.
                self.backend.obey_agent(self.server, &reply, began.elapsed());
                io.reset_on_close();
            }
            let now = Instant::now();
            while next <= now {
                next += self.interval.max(Duration::from_millis(1));
            }
        }
    }

    async fn ask<C: Connector>(&self, worker: &Worker<C>) -> Option<(String, C::Io)> {
        let mut io = worker.connector.connect(self.target()?).await.ok()?;
        let question = self.aims().agent_send.unwrap_or_else(|| self.question.clone());
        io.write_all(question.as_bytes()).await.ok()?;
        let (mut reply, mut buffer) = (Vec::new(), [0; 512]);
        while reply.len() < LONGEST && !reply.contains(&b'\n') {
            match io.read(&mut buffer).await {
                Ok(0) | Err(_) => break,
                Ok(bytes) => reply.extend_from_slice(buffer.get(..bytes).unwrap_or_default()),
            }
        }
        (!reply.is_empty()).then(|| (String::from_utf8_lossy(&reply).into_owned(), io))
    }

    /// What operators changed of it.
    fn aims(&self) -> CheckAims {
        let known = self.backend.server(self.server);
        known.map_or_else(CheckAims::default, |known| known.state.aims().clone())
    }

    fn target(&self) -> Option<ConnectTo> {
        let aims = self.aims();
        let mut to = self.backend.server(self.server)?.connect_to(None)?;
        if let ServerAddress::Tcp(address) = &mut to.address {
            address.set_ip(aims.agent_addr.or(self.address).unwrap_or(address.ip()));
            address.set_port(aims.agent_port.unwrap_or(self.port));
        }
        Some(to)
    }
}
