"""How long a kernel takes to answer: ready after its start, and `1 + 1` there and back; kd beside ipykernel, in turns."""
import socket
import statistics
import time

from jupyter_client import KernelManager


def ready(name):
    began = time.perf_counter()
    manager = KernelManager(kernel_name=name)
    manager.start_kernel()
    # A client that connects too early tries again after a tenth of a second, whichever kernel it is.
    while True:
        try:
            socket.create_connection(("127.0.0.1", manager.get_connection_info()["shell_port"])).close()
            break
        except OSError:
            time.sleep(0.001)
    client = manager.client()
    client.start_channels()
    # Asked again and again, since what is sent before the sockets are there may be lost.
    while True:
        client.kernel_info()
        try:
            client.get_shell_msg(timeout=0.02)
            break
        except Exception:
            pass
    seconds = time.perf_counter() - began
    client.wait_for_ready(timeout=30)
    return seconds, manager, client


def round_trip(client):
    began = time.perf_counter()
    identity = client.execute("1 + 1")
    idle = answered = False
    while not idle:
        message = client.get_iopub_msg(timeout=10)
        idle = (message["parent_header"].get("msg_id") == identity and message["msg_type"] == "status"
                and message["content"]["execution_state"] == "idle")
    while not answered:
        answered = client.get_shell_msg(timeout=10)["parent_header"].get("msg_id") == identity
    return time.perf_counter() - began


starts = {"kd": [], "python3": []}
trips = {"kd": [], "python3": []}
for _ in range(5):
    running = {}
    for name in starts:
        seconds, *running[name] = ready(name)
        starts[name].append(seconds)
    for name, (_, client) in running.items():
        for _ in range(5):
            round_trip(client)
    for _ in range(100):
        for name, (_, client) in running.items():
            trips[name].append(round_trip(client))
    for manager, client in running.values():
        client.stop_channels()
        manager.shutdown_kernel(now=True)
print(f"{'':22}{'kd':>10}{'ipykernel':>12}")
for label, found in (("ready, ms", starts), ("1 + 1 there and back", trips)):
    mine, theirs = (statistics.median(found[name]) * 1e3 for name in ("kd", "python3"))
    print(f"{label:22}{mine:10.2f}{theirs:12.2f}   {theirs / mine:.1f} times")
