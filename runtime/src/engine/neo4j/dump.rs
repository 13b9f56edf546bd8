//! A dump, streamed as the tool writes it. The artifact is whole only when the tool says so by its exit.

use super::Neo4jEngine;
use super::admin::Ear;
use crate::artifact::Sink;
use crate::artifact::stream::CHUNK;
use crate::engine::{Context, Taken};
use crate::error::{Error, Result};
use crate::process::{Stream, Streams};
use bytes::BytesMut;
use schema::manifest::EngineFacts;
use tokio::io::{AsyncRead, AsyncReadExt};

/// First bytes of a dump: the tool's own two formats.
const MAGIC: [&[u8]; 2] = [b"DZV1", b"DGV1"];

impl Neo4jEngine {
    pub(super) async fn dump(&self, database: &str, out: Sink, context: &Context) -> Result<Taken> {
        let tool = self.tool_version(context).await?;
        let taken = context.world.now();
        let doing = format!("dump `{database}`");
        let ear = Ear::new(context);
        let streams = Streams { stdin: Stream::Null, stdout: Stream::Pipe, stderr: Stream::Pipe };
        let mut child = context.children.spawn(&self.admin(&["database", "dump", "--to-stdout", database]), streams)?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let hear = |line: &str| ear.hear(line);
        let work = async {
            let (pumped, heard) = tokio::join!(pump(stdout, &out), crate::process::each_line(stderr, &hear));
            heard.map_err(|error| Error::io("read what the tool says", &error))?;
            let pumped = pumped?;
            Ok((pumped, child.wait().await?))
        };
        let ended = tokio::select! {
            ended = work => ended,
            () = context.cancel.cancelled() => Err(Error::cancelled()),
        };
        let (magic, exit) = match ended {
            Ok(ended) => ended,
            Err(error) => {
                child.kill().await?;
                return Err(error);
            }
        };
        ear.judge(&doing, exit)?;
        if !MAGIC.contains(&magic.as_slice()) {
            return Err(Error::integrity(
                "archive-damaged",
                format!("cannot {doing}: what the tool wrote is not a dump"),
            ));
        }
        out.finish().await?;
        Ok(Taken {
            facts: EngineFacts {
                name: "neo4j".to_owned(),
                method: "dump".to_owned(),
                // The server is down: the tool is of its version, or preflight would have said so.
                version: Some(tool.clone()),
                edition: Some(self.neo4j.edition.clone()),
                tool: format!("neo4j-admin {tool}"),
                entries: None,
            },
            taken: taken.to_string(),
            incomplete: Vec::new(),
        })
    }
}

/// Everything that the tool writes, and its first four bytes.
async fn pump<R: AsyncRead + Unpin>(reader: Option<R>, out: &Sink) -> Result<Vec<u8>> {
    let Some(mut reader) = reader else { return Ok(Vec::new()) };
    let mut magic = Vec::new();
    loop {
        let mut chunk = BytesMut::with_capacity(CHUNK);
        while chunk.len() < CHUNK {
            let read = reader.read_buf(&mut chunk).await;
            if read.map_err(|error| Error::io("read what the tool writes", &error))? == 0 {
                break;
            }
        }
        if chunk.is_empty() {
            return Ok(magic);
        }
        if magic.is_empty() {
            magic = chunk.get(..4).unwrap_or(&chunk).to_vec();
        }
        out.send(chunk.freeze()).await?;
    }
}
