//! The `http` import: what a guest asks for is checked against the grant, then against the address, then sent as it is.

use crate::plugin::bindings::http::{Failure, Host, Request, Response, Segment};
use crate::plugin::body::Outlet;
use crate::plugin::call::Call;
use crate::plugin::egress::{self, Answer, Outgoing};
use crate::plugin::grant::{self, Target, Verdict};
use crate::plugin::resolve::{self, Unresolved};
use crate::plugin::secrets;
use bytes::Bytes;
use wasmtime::Result;
use wasmtime::component::Resource;

impl Host for Call {
    async fn send(&mut self, request: Request) -> Result<Result<Response, Failure>> {
        let entered = self.enter()?;
        self.witness.excuse();
        let response = self.exchange(request, None).await;
        self.witness.resume();
        self.leave(entered);
        response
    }

    async fn fetch(&mut self, request: Request, into: Resource<Outlet>) -> Result<Result<Response, Failure>> {
        let entered = self.enter()?;
        let sink = self.table.get(&into)?.0.clone();
        self.witness.excuse();
        let response = self.exchange(request, Some(sink)).await;
        self.witness.resume();
        self.leave(entered);
        response
    }
}

impl Call {
    async fn exchange(
        &mut self,
        request: Request,
        into: Option<tokio::sync::mpsc::Sender<Bytes>>,
    ) -> Result<Result<Response, Failure>> {
        let body = self.body(&request.body)?;
        let (target, private) = match self.allowed(&request) {
            Ok(allowed) => allowed,
            Err(denied) => return Ok(Err(Failure::Denied(denied))),
        };
        let headers = match self.headers(&request.headers).await {
            Ok(headers) => headers,
            Err(failure) => return Ok(Err(failure)),
        };
        let addresses = match resolve::resolve(&target.host, target.port, target.literal(), private).await {
            Ok(addresses) => addresses,
            Err(Unresolved::Unknown(why)) => return Ok(Err(Failure::Dns(format!("`{}`: {why}", target.host)))),
            Err(Unresolved::Private(address)) => return Ok(Err(self.deny_private(&target, address))),
            Err(Unresolved::Never(address)) => return Ok(Err(self.deny_always(&target, address))),
        };
        let most = usize::try_from(request.max_response).unwrap_or(usize::MAX);
        let outgoing = Outgoing { target, addresses, headers, body, most, into };
        Ok(match egress::send(&self.given.clients, outgoing).await {
            Ok(answer) => Ok(self.cleaned(answer)),
            Err(failure) => Err(self.cleaned_failure(failure)),
        })
    }

    /// The request's own bytes and slices, none of which may ask for a secret.
    fn body(&mut self, segments: &[Segment]) -> Result<Vec<Bytes>> {
        let mut chunks = Vec::new();
        for segment in segments {
            match segment {
                Segment::Bytes(bytes) => chunks.push(Bytes::from(bytes.clone())),
                Segment::Slice(slice) => {
                    let Some(part) = self.table.get(&slice.artifact)?.slice(slice.offset, slice.len) else {
                        let (offset, len) = (slice.offset, slice.len);
                        let message = format!("named bytes {offset}+{len}, which are not in this part");
                        return Err(wasmtime::Error::msg(message));
                    };
                    chunks.extend(part);
                }
            }
        }
        Ok(chunks)
    }

    /// The target and whether its address may be private; or the text of a denial.
    fn allowed(&mut self, request: &Request) -> Result<(Target, bool), String> {
        let own = request.body.iter().filter_map(|segment| match segment {
            Segment::Bytes(bytes) => Some(bytes.as_slice()),
            Segment::Slice(_) => None,
        });
        let own: Vec<u8> = own.flatten().copied().collect();
        if secrets::asks(&own) || secrets::asks(request.url.as_bytes()) {
            let help = "Secrets go into headers only; report it to the plugin's author.".to_owned();
            return Err(self.deny("asked for a secret outside a header", help));
        }
        let shown: String = request.url.chars().take(200).collect();
        let (method, url_node) = (request.method.clone(), self.given.url_node.clone());
        let target = Target::parse(&method, &request.url).map_err(|why| {
            let help = format!("It may only send to what its node `{url_node}` says; report it to its author.");
            self.deny(&format!("asked to {method} to `{shown}`, which is refused: {why}"), help)
        })?;
        let place = target.shown();
        match grant::judge(&self.given.grants, &target) {
            Verdict::Allowed { private } => Ok((target, private)),
            Verdict::OtherMethods(methods) => {
                let help = format!("Its manifest allows {} there and nothing else.", methods.join(" "));
                Err(self.deny(&format!("asked to {method} to `{place}`, and was not granted that method"), help))
            }
            Verdict::Unknown => {
                let help = format!("If it should, add `{url_node} \"{place}\"` to the node that uses the plugin.");
                Err(self.deny(&format!("asked to {method} to `{place}`, which it was not granted"), help))
            }
        }
    }

    fn deny_private(&mut self, target: &Target, address: std::net::IpAddr) -> Failure {
        let place = target.shown();
        let help = "If it should reach that, add `private #true` to the node that uses the plugin.".to_owned();
        let what = format!("asked for `{place}`, whose address {address} is private, which it was not granted");
        Failure::Denied(self.deny(&what, help))
    }

    fn deny_always(&mut self, target: &Target, address: std::net::IpAddr) -> Failure {
        let place = target.shown();
        let help = "No grant allows link-local, multicast or reserved addresses: give a name that has another.";
        let what = format!("asked for `{place}`, whose address {address} no plugin may reach");
        Failure::Denied(self.deny(&what, help.to_owned()))
    }

    /// Header lines with secrets put in.
    async fn headers(&mut self, headers: &[(String, String)]) -> Result<Vec<(String, String)>, Failure> {
        let mut filled = Vec::new();
        for (name, value) in headers {
            if egress::is_the_hosts(name) {
                return Err(Failure::Other(format!("the header `{name}` is set by the host")));
            }
            let value = self.filled(value).await.map_err(Failure::Other)?;
            filled.push((name.clone(), value));
        }
        Ok(filled)
    }

    /// What came back, without the secrets that were sent: a receiver may echo them.
    fn cleaned(&self, answer: Answer) -> Response {
        let redactor = &self.given.redactor;
        let headers = answer.headers.into_iter().map(|(name, value)| (name, redactor.clean(&value))).collect();
        Response { status: answer.status, headers, body: redactor.clean_bytes(answer.body) }
    }

    fn cleaned_failure(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Connect(text) => Failure::Connect(self.given.redactor.clean(&text)),
            Failure::Other(text) => Failure::Other(self.given.redactor.clean(&text)),
            other => other,
        }
    }
}
