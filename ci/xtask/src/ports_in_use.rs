//! Who holds a port: `/proc/net/tcp` names the socket's inode, `/proc/<pid>/fd` names its owner (proc(5)).

use std::fs;

/// The listening socket state in `/proc/net/tcp`.
const LISTEN: &str = "0A";

/// "name (pid)" of the process that listens on `port`, as far as this user may see it.
pub(crate) fn holder(port: u16) -> Option<String> {
    let link = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .find_map(|table| inode(&table, port))
        .map(|inode| format!("socket:[{inode}]"))?;
    fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let open = fs::read_dir(entry.path().join("fd")).ok()?;
        let owns =
            open.flatten().any(|fd| fs::read_link(fd.path()).is_ok_and(|to| to.as_os_str() == link.as_str()));
        let name = fs::read_to_string(entry.path().join("comm")).ok()?;
        owns.then(|| format!("{} (process {pid})", name.trim()))
    })
}

fn inode(table: &str, port: u16) -> Option<String> {
    let suffix = format!(":{port:04X}");
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let listens = fields.get(3).is_some_and(|state| *state == LISTEN);
        let here = fields.get(1).is_some_and(|local| local.ends_with(&suffix));
        (listens && here).then(|| fields.get(9).map(|inode| (*inode).to_owned()))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_of_a_port_is_named() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let holder = holder(port).unwrap();
        assert!(holder.ends_with(&format!("(process {})", std::process::id())), "{holder}");
    }
}
