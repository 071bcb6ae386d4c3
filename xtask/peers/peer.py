"""WebSocket peers that are not ours: python `websockets` as server and as client, through the balancer.

peer.py serve PORT             echoes; speaks first on /hello; closes with the code in /close/CODE
peer.py check URL CONCURRENT   runs every check against the balancer and prints one line each
"""

import asyncio
import os
import sys

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed


async def handler(socket):
    path = socket.request.path
    if path == "/hello":
        await socket.send("the server speaks first")
    if path.startswith("/close/"):
        await socket.close(int(path.rsplit("/", 1)[1]), "as asked")
        return
    try:
        async for message in socket:
            await socket.send(message)
    except ConnectionClosed:
        pass


def choose(_, offered):
    """The server likes v2 best, and does not insist on any."""
    return "chat.v2" if "chat.v2" in offered else None


async def run_server(port):
    async with serve(handler, "127.0.0.1", port, max_size=None, select_subprotocol=choose):
        await asyncio.get_running_loop().create_future()


def check(name, good, detail=""):
    print(f"{'ok  ' if good else 'FAIL'} {name} {detail}", flush=True)
    if not good:
        sys.exit(1)


async def one(url, number):
    async with connect(url, max_size=None) as socket:
        for turn in range(5):
            text = f"{number}/{turn}"
            await socket.send(text)
            if await socket.recv() != text:
                return False
            await asyncio.sleep(0.05)
    return True


async def run_checks(url, concurrent):
    async with connect(url + "/hello") as socket:
        check("the server speaks first", await socket.recv() == "the server speaks first")
    async with connect(url + "/x", subprotocols=["chat.v1", "chat.v2"]) as socket:
        check("a subprotocol is agreed on", socket.subprotocol == "chat.v2", socket.subprotocol)
    async with connect(url + "/x", compression="deflate") as socket:
        names = [extension.name for extension in socket.protocol.extensions]
        await socket.send("deflate me " * 1000)
        check("permessage-deflate", names == ["permessage-deflate"] and len(await socket.recv()) == 11000)
    for compression in (None, "deflate"):
        async with connect(url + "/x", max_size=None, compression=compression) as socket:
            big = os.urandom(10 * 1024 * 1024)
            await socket.send(big)
            check(f"10 MB there and back, compression {compression}", await socket.recv() == big)
    async with connect(url + "/x") as socket:
        pong = await socket.ping(b"are you there")
        check("ping and pong", await asyncio.wait_for(pong, 5) >= 0)
    for code in (1000, 1001, 1008, 1011, 4321):
        async with connect(f"{url}/close/{code}") as socket:
            try:
                await socket.recv()
            except ConnectionClosed as closed:
                check("the server's close code arrives", closed.rcvd.code == code, str(code))
    async with connect(url + "/x") as socket:
        await socket.close(4000, "bye")
        check("the client's close is answered", socket.close_code == 4000)
    good = await asyncio.gather(*(one(url + "/x", number) for number in range(concurrent)))
    check("concurrent tunnels, five messages each", all(good), str(concurrent))


if sys.argv[1] == "serve":
    asyncio.run(run_server(int(sys.argv[2])))
else:
    asyncio.run(run_checks(sys.argv[2], int(sys.argv[3])))
