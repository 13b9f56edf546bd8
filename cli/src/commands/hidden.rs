//! The roles that this program plays for itself: supervisor of a child, guard of a stopped server.

use runtime::process;

/// Serves a hidden role when the arguments name one; its exit code then.
pub(crate) fn serve() -> Option<i32> {
    let mut arguments = std::env::args_os().skip(1);
    let role = arguments.next()?;
    match role.to_str()? {
        process::CHILD => Some(process::child_main(arguments)),
        process::GUARD => Some(process::guard_main(arguments)),
        _ => None,
    }
}
