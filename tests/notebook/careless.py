# ruff: noqa: E501
"""What careless people, and a few malicious ones, put into cells: each shows a secret or a token somehow.

`T` is the token as a plain str, `S` the App secret; `dolby` and `dolby_token` are what a log-in leaves.
"""

import base64
import re
from urllib.parse import quote

from dolbyio_nb.notebook.secret_pieces import SHORTEST

ESCAPES = re.compile(r"\\+u001b\[[0-9;]*m|\x1b\[[0-9;]*m|<[^<>]*>")


def windows(text: str) -> set[str]:
    """Every piece that is just long enough to be masked."""
    return {text[at : at + SHORTEST] for at in range(len(text) - SHORTEST + 1)}


class Needles:
    """The pieces of some values that nobody must see, as they are and as they are usually encoded."""

    def __init__(self, *values: str) -> None:
        self.values, self.pieces = values, set[str]()
        for value in values:
            coded = [base64.b64encode(b"\0" * at + value.encode()).decode()[4:-4] for at in range(3)]
            for text in (value, quote(value, safe=""), *coded):
                self.pieces |= windows(text) | windows(text.replace("+", "-").replace("/", "_"))

    def in_text(self, text: str) -> str:
        """Give a piece that is in a text, as it is or with its colours and tags taken out; "" for none."""
        return next(iter(self.pieces & (windows(text) | windows(ESCAPES.sub("", text)))), "")


SETUP = """
import os, sys, json, base64, logging, pprint, warnings, html, io, urllib.parse, textwrap, traceback, asyncio
import subprocess, threading, multiprocessing, collections, dataclasses, types
import ipywidgets as w, pandas as pd
from IPython.display import *
import dotenv
T, S = f"{dolby_token}", os.environ.get("DOLBYIO_APP_SECRET") or dotenv.dotenv_values()["DOLBYIO_APP_SECRET"]
def b64(text, skip=0): return base64.b64encode(b"abc"[:skip] + text.encode()).decode()
def deep(n, kept): return 1 / 0 if n == 0 else deep(n - 1, kept)
def coloured(text, n): return "".join(f"\\x1b[3{i % 8}m{text[i:i + n]}\\x1b[0m" for i in range(0, len(text), n))
def tagged(text, n): return "".join(f"<span class=k{i}>{text[i:i + n]}</span>" for i in range(0, len(text), n))
def show(*data, **more): display(dict(data), raw=True, **more)
"""

STREAMS = {
    "print": "print(T, S)",
    "print of the token": "print(dolby_token, f'{dolby_token}')",
    "write": "sys.stdout.write(T); sys.stdout.flush()",
    "stderr": "print(S, T, file=sys.stderr)",
    "original streams": "print(T, file=sys.__stdout__, flush=True); print(S, file=sys.__stderr__, flush=True)",
    "file descriptor": "_ = os.write(1, f'{T} {S}\\n'.encode())",
    "bytes": "print(T.encode(), [S.encode()])",
    "percent s": "print('%s and %s' % (T, S))",
    "format": "print('{:>900}'.format(T), '{!r:}'.format(S))",
    "header": "print({'Authorization': 'Bearer ' + T}, 'Bearer ' + dolby_token)",
    "basic": "print('Basic ' + b64('some-key:' + S))",
    "pprint": "pprint.pprint({'a': [T, (S, {T})], 'b': {S: T}}, width=40)",
    "json": "print(json.dumps({'token': T, S: 1}, indent=2))",
    "json in json": "print(json.dumps(json.dumps({'token': S})))",
    "percent-encoded": "print(urllib.parse.quote(S, safe=''), urllib.parse.urlencode({'t': T, 's': S}))",
    "html-escaped": "print(html.escape(S))",
    "base64": "print(b64(T), b64(S), b64(T, 1), b64(S, 1), b64(T, 2), b64(S, 2))",
    "base64 for addresses": "print(base64.urlsafe_b64encode(S.encode()).decode(), base64.urlsafe_b64encode(b'x' + T.encode()))",
    "base64 in lines": "print(base64.encodebytes(T.encode()).decode())",
    "split at dots": "print(*T.split('.'), sep='\\n')",
    "a part": "print(T[40:60], T[-30:], S[3:20])",
    "wrapped": "print(textwrap.fill(T, 50)); print('\\n'.join('| ' + T[i:i + 37] + ' |' for i in range(0, len(T), 37)))",
    "in colours": "print(coloured(T, 7), coloured(S, 3), coloured(S, 1))",
    "between words": "print(f'a{T}b{S}c', T + T + S)",
    "in a JWT's neighbourhood": "print('eyJ' + T, T + '.' + T)",
    "argument list": "print(['curl', '-H', f'Authorization: Bearer {T}', '--user', f'k:{S}'])",
    "one character at a time": "for c in S: sys.stdout.write(c)",
    "logging": "logging.basicConfig(force=True, level=10); logging.warning('token %s %s', T, S); logging.debug(T)",
    "warnings": "warnings.warn(f'{T} {S}')",
    "print_exc": "try: raise ValueError(T, S)\nexcept ValueError: traceback.print_exc()",
    "echo": "!echo {T} {S}",
    "echo of the variable": "!echo $DOLBYIO_APP_SECRET",
    "echo to stderr": "!echo {S} >&2",
    "env": "!env",
    "environment": "os.environ",
    "caught shell": "x = !echo {T}\nx",
    "os.system": "_ = os.system(f'echo {T}')",
    "subprocess": "_ = subprocess.run(['echo', T])",
    "script magic": "%%bash\necho $DOLBYIO_APP_SECRET",
    "thread": "x = threading.Thread(target=print, args=(T, S)); x.start(); x.join()",
    "fork": "sys.stdout.flush(); x = multiprocessing.get_context('fork').Process(target=print, args=(T, S)); x.start(); x.join()",
    "task": "async def tell(): print(T, S)\nawait asyncio.gather(tell(), tell())",
    "curl's header": "import requests; x = requests.Request('GET', 'https://api.dolby.com/', headers={'Authorization': f'Bearer {T}'}).prepare(); print(x.headers, vars(x))",
    "http debug": "import http.client, requests; http.client.HTTPConnection.debuglevel = 1\nrequests.get(dolby.media_url + '/media/jobs', auth=dolby.auth); http.client.HTTPConnection.debuglevel = 0",
    "environ": "with dolby.environ():\n    print(os.environ['DOLBYIO_API_TOKEN']); print(dict(os.environ))",
    "lent": "x = dolby.delegate(60); print(f'{x}', x.value[20:90])",
    "replaced": "x = T; dolby.refresh(); print(x, f'{dolby.token}')",
    "credentials": "import dolbyio_nb; x = dolbyio_nb.AppCredentials('key', S); print(x, vars(x), f'{x.app_secret}')",
    "large": "print('x' * 300_000 + T + S + 'y' * 100)",
}

RESULTS = {
    "repr": "T",
    "secret": "S",
    "nested": "[T, {S: (T,)}, {T}, dolby_token]",
    "dataclass": "@dataclasses.dataclass\nclass K: a: str\nK(T)",
    "namespace": "types.SimpleNamespace(t=T, s=S), collections.Counter([T])",
    "own repr": "class R:\n    def __repr__(self): return S\nR()",
    "rich repr": "class R:\n    def _repr_html_(self): return f'<b>{T}</b>'\n    def _repr_latex_(self): return S\nR()",
    "mimebundle": "class R:\n    def _repr_mimebundle_(self, **k): return {'a/b': {'deep': [[S], T]}}, {'a/b': {'x': T}}\nR()",
    "frame": "pd.DataFrame({'token': [T, S], S: [1, 2]})",
    "series": "pd.set_option('display.max_colwidth', None); pd.Series([T, S], index=[T, 'x'])",
    "whole frame": "display(HTML(pd.DataFrame([[T, S]]).to_html()), Markdown(f'| {T} |'))",
    "out": "T\nOut, _, __",
    "object": "types.SimpleNamespace(a=S), vars(dolby), dolby.status(), dolby.auth.__dict__",
}

DISPLAYS = {
    "html": "display(HTML(f'<a href=\"?token={T}\">{S}</a>'))",
    "html in pieces": "display(HTML(tagged(T, 5) + tagged(S, 1)))",
    "html in pieces with line ends": "display(HTML(tagged(T, 5).replace('</span>', '</span>\\n')))",
    "attribute": "display(HTML(f'<img title=\"{html.escape(S)}\" data-t={T}>'))",
    "markdown": "display(Markdown(f'`{T}` **{S}**'))",
    "latex": "display(Latex(T), Math(S))",
    "json": "display(JSON({'t': T, 'deep': [{S: [T]}]}))",
    "javascript": "display(Javascript(f'var t = \"{T}\"'))",
    "svg": "display(SVG(f'<svg xmlns=\"http://www.w3.org/2000/svg\"><text>{T}</text></svg>'))",
    "png metadata": "show(('image/png', 'iVBORw0KGgo='), metadata={'image/png': {'alt': T, S: 1}})",
    "png": "show(('image/png', b64('PNG' + T)))",
    "transient": "show(('text/plain', 'x…'), transient={'display_id': S, 'more': T})",
    "own type": "show(('application/vnd.x+json', {'data': [{T: S}]}), ('text/x', T))",
    "update": "x = display('…', display_id=True); x.update(T); x.update({'text/plain': S}, raw=True)",
    "object": "display({'t': T}, [S])",
    "code": "display(Code(f'token = \"{T}\"', language='python'), Pretty(S))",
    "iframe": "display(IFrame(f'https://x.invalid/?t={T}', 1, 1), Audio(url=f'https://x.invalid/{T}'))",
    "link": "display(FileLink('/x/' + S), Image(url=f'https://x.invalid/{T}'))",
    "progress": "from tqdm import tqdm; list(tqdm([1], desc=T, postfix={'s': S}))",
    "capture": "from IPython.utils.capture import capture_output\nwith capture_output() as x: print(T); display(S)\nx.show()",
    "capture magic": "%%capture x\nprint(T, S)",
    "captured": "get_ipython().run_cell_magic('capture', 'x', 'print(T, S)')\nx.show(); x.stdout",
    "pager": "get_ipython().payload_manager.write_payload({'source': 'page', 'data': {'text/plain': T}, 'start': 0}); '…'",
    "next input": "get_ipython().set_next_input(f'token = {S!r}'); '…'",
    "whos": "%whos",
    "page": "%page T",
    "source": "def f(a=T): pass\nf?",
    "deep": "x = T\nfor _ in range(200): x = [x]\nshow(('application/json', x))",
}

ERRORS = {
    "message": "raise ValueError(T, S)",
    "name": "{}[T]",
    "attribute": "getattr(object(), S)",
    "syntax": "exec(f'a = {T} b')",
    "assert": "assert T == S, f'{T} {S}'",
    "locals": "%xmode Verbose\ndeep(2, T)",
    "locals of a part": "%xmode Verbose\ndeep(1, {'a': [S, T], 'b': T[5:400]})",
    "notes": "x = ValueError('…')\nx.add_note(T)\nraise x",
    "cause": "try: raise ValueError(S)\nexcept ValueError as x: raise KeyError(T) from x",
    "group": "raise ExceptionGroup(T, [ValueError(S)])",
    "exit": "raise SystemExit(T)",
    "task": "async def f(): raise ValueError(T)\nawait f()",
    "thread": "def f(): raise ValueError(T, S)\nx = threading.Thread(target=f); x.start(); x.join()",
    "unraisable": "class D:\n    def __del__(self): raise ValueError(T)\nD()\n'…'",
    "request": "import requests; requests.get(f'http://127.0.0.1:9/?token={T}', headers={'X': S}, timeout=1)",
    "minimal": "%xmode Minimal\nraise ValueError(S)",
    "docs": "%xmode Docs\nraise ValueError(T)",
    "debug": "%xmode Plain\nraise OSError(2, S, T)",
}

WIDGETS = {
    "text": "display(w.Text(T), w.HTML(f'<b>{S}</b>'), w.Label(T))",
    "password": "display(w.Password(value=S), w.Textarea(T), w.Dropdown(options=[T, S]))",
    "change": "x = w.Label('…'); display(x); x.value = T; x.tooltip = S",
    "output": "x = w.Output(); display(x)\nwith x: print(T); display(S); 1/0",
    "output by hand": "x = w.Output(); x.append_stdout(T); x.append_display_data(HTML(S))",
    "interact": "w.interact(lambda v: v, v=[T, S])",
    "message": "x = w.Label('…'); x.send({'token': T, S: [S]})",
    "comm": "import comm; x = comm.create_comm('x', data={'t': T}, metadata={'m': S}); x.send({'a': [T]}); x.close({'b': S})",
    "embedded": "from ipywidgets.embed import embed_snippet; display(HTML(embed_snippet(w.Label(T))))",
    "anywidget": "import anywidget, traitlets\nclass A(anywidget.AnyWidget):\n    _esm = f'export default {{}} // {T}'\n    t = traitlets.Unicode(S).tag(sync=True)\nA()",
}

CHANNELS = {
    f"{kind}: {name}": code
    for kind, table in {
        "stream": STREAMS,
        "result": RESULTS,
        "display": DISPLAYS,
        "error": ERRORS,
        "widget": WIDGETS,
    }.items()
    for name, code in table.items()
}

CELLS = [
    CHANNELS[name]
    for name in (
        "stream: print",
        "stream: stderr",
        "stream: pprint",
        "stream: base64",
        "stream: split at dots",
        "stream: in colours",
        "stream: echo",
        "stream: environment",
        "stream: logging",
        "stream: lent",
        "result: repr",
        "result: nested",
        "result: frame",
        "display: html in pieces",
        "display: json",
        "display: update",
        "display: png metadata",
        "error: message",
        "error: locals",
        "widget: text",
        "widget: output",
        "widget: change",
    )
]
