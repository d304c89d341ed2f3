//! nchan, the publish-and-subscribe module of nginx, as Debian has it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::measure::cores;
use crate::measure::program;

const MODULE: &str = "/usr/lib/nginx/modules/ngx_nchan_module.so";
const NGINX: &str = "/usr/sbin/nginx";

pub(super) fn missing() -> Option<String> {
    let module = Path::new(MODULE).exists();
    let nginx = Command::new(NGINX).arg("-v").stderr(Stdio::null()).status();
    (!module || nginx.is_err()).then(|| "nginx with nchan (libnginx-mod-nchan) is not installed".into())
}

pub(super) fn command(core: usize, address: SocketAddr, folder: &Path) -> anyhow::Result<Command> {
    let folder: PathBuf = folder.join(format!("nginx-{}", address.port()));
    std::fs::create_dir_all(&folder)?;
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {kind};\n"))
        .concat();
    let owner = std::fs::metadata("/proc/self").map(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
    let user = if owner.unwrap_or_default() { "user root;" } else { "" };
    let files = cores::files()?.0;
    let configuration = format!(
        "load_module {MODULE};\ndaemon off;\npid nginx.pid;\nworker_processes 1;\n{user}\n\
         events {{ worker_connections {files}; }}\nhttp {{\naccess_log off;\n{temporary}\
         keepalive_requests 1000000;\nserver {{\nlisten {address} backlog=4096;\n\
         location ~ ^/ws/(.+)$ {{ nchan_subscriber websocket; nchan_channel_id $1; }}\n\
         location ~ ^/push/(.+)$ {{ nchan_publisher; nchan_channel_id $1; nchan_store_messages off; }}\n}} }}\n"
    );
    std::fs::write(folder.join("nginx.conf"), configuration)?;
    let mut command = program::command_told("TERM", &core.to_string(), NGINX);
    command.arg("-p").arg(&folder).args(["-e", "stderr", "-c", "nginx.conf"]);
    Ok(command)
}
