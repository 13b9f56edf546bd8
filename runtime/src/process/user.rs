//! Running as another OS user: a command prefix, when we are root.

use crate::error::{Error, Result};
use std::ffi::OsString;

/// Words to put before a command so that it runs as `user`; empty when that is who we are.
///
/// # Errors
/// `user-switch` when there is no such user, or we are not root.
pub(super) fn prefix(user: Option<&str>) -> Result<Vec<OsString>> {
    let Some(user) = user else { return Ok(Vec::new()) };
    let uid = numbers(user)?.0;
    let own = rustix::process::geteuid().as_raw();
    if uid == own {
        return Ok(Vec::new());
    }
    if own != 0 {
        return Err(refused(format!("cannot run as `{user}` without being root"))
            .help(format!("Run Backstay as `{user}` or as root.")));
    }
    let gid = numbers(user)?.1;
    let words = ["setpriv", &format!("--reuid={uid}"), &format!("--regid={gid}"), "--init-groups", "--"];
    Ok(words.into_iter().map(OsString::from).collect())
}

/// User and primary group, as `id` knows them: it asks every directory that the machine is joined to.
pub(crate) fn numbers(user: &str) -> Result<(u32, u32)> {
    if user.starts_with('-') {
        return Err(refused(format!("`{user}` is no user name")));
    }
    let ask = |what: &str| -> Result<u32> {
        let asked = std::process::Command::new("id").arg(what).arg(user).output();
        let output = asked.map_err(|error| Error::io("run `id`", &error))?;
        let text = String::from_utf8_lossy(&output.stdout);
        text.trim().parse().map_err(|_| refused(format!("there is no user `{user}` on this machine")))
    };
    Ok((ask("-u")?, ask("-g")?))
}

fn refused(message: String) -> Error {
    Error::permanent("user-switch", message)
}
