import time

T_MAIN = time.monotonic_ns()

# The sandwatch worker: takes jobs from stdin, one JSON object a line, and answers each with one line on a
# descriptor of its own. The same file runs on the host and in the container, so that both modes execute
# the same bytes. Needs Python 3.9, numpy and pandas.
import gc
import os
import sys

PROTOCOL = 1
JOB_LINE_MAX = 8 << 20
SOURCE_MAX = 256 << 10
NESTING_MAX = 100
ERROR_MAX = 2000
DAYS = (2, 100_000)
SYMBOLS = (1, 10_000)
CELLS_MAX = 50_000_000
REPORT_VALUES_MAX = 20_000
REPORT_DEPTH_MAX = 16
JSON_INT_MAX = 1 << 53
PYTHON = ".".join(map(str, sys.version_info[:3]))
STRATEGY_FILE = "<strategy>"
# The phases that a caller's screen is told of as they begin; their times come with the result alone.
HINTED = ("imports", "execute")  # each write wakes the engine: only what may last
EXIT_SETUP = 70
EXIT_PROTOCOL = 65


def words(text):
    return frozenset(text.split())


# ---------------------------------------------------------------- validator: what a strategy may use

NODES = words("""
    Module Expr Assign AugAssign AnnAssign FunctionDef Return For While If Pass Break Continue Try ExceptHandler
    Raise Assert Delete With withitem
    BoolOp BinOp UnaryOp IfExp NamedExpr Dict Set List Tuple ListComp SetComp DictComp GeneratorExp comprehension
    Compare Call JoinedStr FormattedValue Constant Attribute Subscript Starred Name Slice Index ExtSlice
    arguments arg keyword Load Store Del
    And Or Not Add Sub Mult Div FloorDiv Mod Pow MatMult LShift RShift BitOr BitXor BitAnd Invert UAdd USub
    Eq NotEq Lt LtE Gt GtE Is IsNot In NotIn
""")

NODE_REASONS = {
    "Import": "has an import: np, pd, data and sim are already there, and nothing else is within reach",
    "ImportFrom": "has an import: np, pd, data and sim are already there, and nothing else is within reach",
    "ClassDef": "defines a class: a strategy needs functions at most",
    "Lambda": "has a lambda: write a named function instead",
    "Match": "has a match statement: use if and elif",
    "Global": "has a global statement: return the value instead",
    "Nonlocal": "has a nonlocal statement: return the value instead",
    "Yield": "has a yield: return a list instead",
    "YieldFrom": "has a yield: return a list instead",
}

DENIED_NAMES = {
    **dict.fromkeys(("open", "input"), "files and the terminal are out of reach"),
    **dict.fromkeys(("eval", "exec", "compile"), "code made at run time cannot be checked"),
    **dict.fromkeys(("getattr", "setattr", "delattr", "hasattr", "vars", "dir", "globals", "locals", "attrgetter",
                     "methodcaller"), "attributes by name cannot be checked"),
    **dict.fromkeys(("type", "object", "super", "classmethod", "staticmethod", "property", "memoryview", "bytearray"),
                    "it reaches the interpreter's insides"),
    **dict.fromkeys(("breakpoint", "exit", "quit", "help", "copyright", "credits", "license", "SystemExit",
                     "KeyboardInterrupt", "GeneratorExit", "BaseException"), "it would take over the worker"),
}

# Rejected only where the strategy has not given them a meaning of its own: `signal` is a good name.
MODULE_NAMES = words("""
    os sys subprocess socket shutil pathlib importlib builtins ctypes threading multiprocessing signal io pickle
    inspect gc requests urllib numpy pandas
""")

FIXED_NAMES = words("np pd data sim")

SAFE_BUILTINS = words("""
    abs all any bool dict divmod enumerate filter float frozenset int isinstance len list map max min pow range
    reversed round set slice sorted str sum tuple zip
    ArithmeticError AssertionError AttributeError Exception FloatingPointError IndexError KeyError LookupError
    MemoryError NameError NotImplementedError OverflowError RecursionError RuntimeError StopIteration TypeError
    ValueError ZeroDivisionError True False None
""")

MODULE_ATTRIBUTES = {
    "np": words("""
        nan inf pi e newaxis NaN Inf float64 float32 int64 int32 int8 uint8 bool_ integer floating number ndarray
        array asarray zeros ones full empty zeros_like ones_like full_like empty_like arange linspace eye identity
        where select clip sign abs absolute fabs sqrt square cbrt exp expm1 log log2 log10 log1p power
        sin cos tan arcsin arccos arctan arctan2 sinh cosh tanh hypot floor ceil round around rint trunc mod fmod
        add subtract multiply divide true_divide floor_divide negative maximum minimum fmax fmin
        sum prod mean std var median average percentile quantile min max amin amax ptp argmin argmax argsort sort
        nansum nanprod nanmean nanstd nanvar nanmedian nanmin nanmax nanpercentile nanquantile nanargmin nanargmax
        nancumsum nan_to_num cumsum cumprod diff gradient corrcoef cov dot matmul inner outer cross convolve
        correlate interp polyfit polyval histogram digitize searchsorted bincount unique count_nonzero nonzero
        flatnonzero isnan isinf isfinite isclose allclose array_equal any all logical_and logical_or logical_not
        logical_xor greater greater_equal less less_equal equal not_equal concatenate stack vstack hstack
        column_stack split array_split reshape ravel transpose squeeze expand_dims repeat tile roll flip rot90
        broadcast_to meshgrid take take_along_axis argpartition partition insert delete append pad triu tril diag
        apply_along_axis isin in1d intersect1d union1d setdiff1d errstate finfo iinfo timedelta64 datetime64
        linalg
    """),
    "np.linalg": words("norm inv pinv solve lstsq det eig eigh eigvals eigvalsh svd qr cholesky matrix_rank"),
    "pd": words("""
        DataFrame Series Index DatetimeIndex MultiIndex Timestamp Timedelta Period Categorical NA NaT
        concat merge to_numeric to_datetime to_timedelta isna notna isnull notnull date_range bdate_range
        period_range cut qcut get_dummies unique factorize DateOffset Grouper
    """),
}

ATTRIBUTES = words("""
    open high low close volume symbols get
    T abs add add_prefix add_suffix agg aggregate align all any append apply applymap argmax argmin argsort
    asfreq asof assign astype at autocorr backfill between between_time bfill bool clip columns combine
    combine_first compare convert_dtypes copy corr corrwith count cov cummax cummin cumprod cumsum describe diff
    div divide dot drop drop_duplicates droplevel dropna dt dtype dtypes duplicated empty eq equals ewm expanding
    explode factorize ffill fillna filter first first_valid_index floordiv ge get_group groupby groups gt hasnans
    head iat idxmax idxmin iloc index infer_objects insert interpolate is_monotonic_decreasing
    is_monotonic_increasing is_unique isin isna isnull item items iterrows itertuples join keys kurt kurtosis
    last last_valid_index le level levels loc lt map mask max mean median melt merge min mod mode mul multiply
    name names ndim ne ngroup nlargest notna notnull nsmallest nth nunique ohlc pad pct_change pivot pop pow prod
    product quantile radd rank rdiv reindex reindex_like rename rename_axis reorder_levels repeat replace resample
    reset_index rfloordiv rmod rmul rolling round rpow rsub rtruediv sample searchsorted select_dtypes sem
    set_axis set_index shape shift size skew sort_index sort_values squeeze stack std str sub subtract sum
    swapaxes swaplevel tail take to_dict to_frame to_list to_numpy to_period to_series to_timestamp tolist
    transform transpose truediv truncate tz_convert tz_localize unique unstack update value_counts values var
    where xs zfill
    conj cumulative fill flatten imag argpartition nonzero partition ptp ravel real reshape sort trace diagonal
    searchsorted itemsize nbytes
    date day day_of_week day_of_year dayofweek dayofyear days days_in_month freq hour is_month_end is_month_start
    is_quarter_end is_quarter_start is_year_end is_year_start isocalendar microsecond minute month month_name
    nanoseconds normalize quarter second seconds strftime time timestamp to_pydatetime today total_seconds
    tz week weekday weekofyear year day_name floor ceil
    get_level_values get_loc get_indexer intersection union difference symmetric_difference is_month
    add clear copy discard extend insert index count remove reverse setdefault issubset issuperset popitem
    capitalize casefold center endswith find isalnum isalpha isdigit islower isnumeric isspace istitle isupper
    ljust lower lstrip partition removeprefix removesuffix rfind rindex rjust rsplit rstrip split splitlines
    startswith strip swapcase title upper contains extract fullmatch len match slice cat
    args eps tiny
""")

ATTRIBUTE_REASONS = {
    "format": "format strings reach attributes that cannot be checked: use an f-string",
    "format_map": "format strings reach attributes that cannot be checked: use an f-string",
    "eval": "code made at run time cannot be checked",
    "query": "code made at run time cannot be checked: use a comparison, as in df[df['a'] > 0]",
    "pipe": "call the function directly",
    "random": "the result has to be the same on every run",
    "sparse": "not needed by a strategy",
}

# These look a method up by a name given as text, so the text has to be readable here.
DISPATCHERS = words("agg aggregate apply transform")
DISPATCH_KEYWORDS = words("func arg axis raw result_type numeric_only skipna ddof min_periods args")
DISPATCH_TEXT = words("""
    mean sum min max std var median first last count size prod sem skew kurt any all nunique idxmin idxmax
    cumsum cumprod cummax cummin diff pct_change rank shift ffill bfill quantile abs ohlc index columns
""")


class Rejected(Exception):
    def __init__(self, message, line=None):
        super().__init__(f"line {line}: {message}" if line else message)
        self.line = line


def decode_source(job):
    """The strategy as text, from `strategy` or from the raw bytes in `strategy_b64`."""
    if "strategy_b64" in job:
        import base64
        import binascii
        try:
            raw = base64.b64decode(job["strategy_b64"], validate=True)
        except (binascii.Error, ValueError, TypeError) as error:
            raise JobError(f"strategy_b64 is not base64: {error}") from None
        try:
            source = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Rejected(f"strategy is not valid UTF-8: byte 0x{raw[error.start]:02x} at offset {error.start}",
                           raw.count(b"\n", 0, error.start) + 1) from None
    else:
        source = job.get("strategy")
        if not isinstance(source, str):
            raise JobError("the job has no strategy: give 'strategy' (text) or 'strategy_b64'")
    if source.startswith("\ufeff"):
        source = source[1:]
    return source


def parse_source(source):
    if not source.strip():
        raise Rejected("strategy is empty: it needs at least report = sim(position)")
    if "\0" in source:
        at = source.index("\0")
        raise Rejected(f"has a NUL byte at offset {at}", source.count("\n", 0, at) + 1)
    try:
        size = len(source.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise Rejected(f"strategy is not valid UTF-8: lone surrogate at character {error.start}") from None
    if size > SOURCE_MAX:
        raise Rejected(f"strategy has {size} bytes, the limit is {SOURCE_MAX}")
    import ast
    try:
        return ast.parse(source, STRATEGY_FILE)
    except SyntaxError as error:
        raise Rejected(f"{type(error).__name__}: {error.msg}", error.lineno) from None
    except (MemoryError, RecursionError):
        raise Rejected(f"is nested deeper than {NESTING_MAX} levels") from None
    except ValueError as error:
        raise Rejected(f"cannot be parsed: {error}") from None


class Validator:
    """Walks the tree without recursion; raises Rejected at the first thing that is not on a list."""

    def __init__(self, tree):
        import ast
        self.ast = ast
        self.tree = tree
        self.functions = set()
        self.bound = set()
        self.checks = {
            "Name": self.check_name, "Attribute": self.check_attribute, "Call": self.check_call,
            "Constant": self.check_constant, "FunctionDef": self.check_function, "arg": self.check_arg,
            "keyword": self.check_keyword, "ExceptHandler": self.check_handler,
            "comprehension": self.check_comprehension,
        }

    def run(self):
        nodes = self.collect()
        for node, parent in nodes:
            kind = type(node).__name__
            if kind not in NODES:
                self.reject(node, NODE_REASONS.get(kind, f"has a {kind}: not on the list of what a strategy may use"))
            check = self.checks.get(kind)
            if check:
                check(node, parent)

    def reject(self, node, message):
        raise Rejected(message, getattr(node, "lineno", None))

    def collect(self):
        """All (node, parent), in source order as far as it matters; notes which names are bound, and how."""
        ast, nodes, stack = self.ast, [], [(self.tree, None, 0)]
        while stack:
            node, parent, depth = stack.pop()
            if depth > NESTING_MAX:
                self.reject(parent, f"is nested deeper than {NESTING_MAX} levels")
            nodes.append((node, parent))
            if isinstance(node, ast.FunctionDef):
                self.functions.add(node.name)
            elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                self.bound.add(node.id)
            elif isinstance(node, ast.arg):
                self.bound.add(node.arg)
            elif isinstance(node, ast.ExceptHandler) and node.name:
                self.bound.add(node.name)
            stack.extend((child, node, depth + 1) for child in reversed(list(ast.iter_child_nodes(node))))
        return nodes

    def check_identifier(self, node, name):
        if name.startswith("_") and name != "_" or "__" in name:
            self.reject(node, f"uses '{name}': names that begin with an underscore are the interpreter's own")
        if name in DENIED_NAMES:
            self.reject(node, f"uses '{name}': {DENIED_NAMES[name]}")

    def check_binding(self, node, name):
        self.check_identifier(node, name)
        if name in FIXED_NAMES:
            self.reject(node, f"gives '{name}' another meaning: choose a different name")

    def check_name(self, node, parent):
        if not isinstance(node.ctx, self.ast.Load):
            self.check_binding(node, node.id)
            return
        if node.id in DENIED_NAMES and isinstance(parent, self.ast.Call) and parent.func is node:
            self.reject(node, f"calls '{node.id}': {DENIED_NAMES[node.id]}")
        self.check_identifier(node, node.id)
        if node.id in MODULE_NAMES and node.id not in self.bound | self.functions:
            self.reject(node, f"uses '{node.id}': a strategy has np, pd, data and sim, and no other module")
        if node.id in MODULE_ATTRIBUTES and not isinstance(parent, self.ast.Attribute):
            self.reject(node, f"uses '{node.id}' as a value: write {node.id}.name")

    def module_of(self, node):
        """'np' or 'np.linalg' when the node is that module, else None."""
        ast = self.ast
        if isinstance(node, ast.Name):
            name = node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            name = f"{node.value.id}.{node.attr}"
        else:
            return None
        return name if name in MODULE_ATTRIBUTES else None

    def check_attribute(self, node, parent):
        ast, name = self.ast, node.attr
        if name.startswith("_") or "__" in name:
            self.reject(node, f"uses '.{name}': names that begin with an underscore are the interpreter's own")
        if not isinstance(node.ctx, ast.Load):
            self.reject(node, f"sets the attribute '.{name}': use a variable, or a column as in df['{name}']")
        if self.module_of(node) and not isinstance(parent, ast.Attribute):
            self.reject(node, f"uses '{self.module_of(node)}' as a value: write {self.module_of(node)}.name")
        module = self.module_of(node.value)
        allowed = MODULE_ATTRIBUTES[module] if module else ATTRIBUTES
        if name not in allowed:
            shown = f"'{module}.{name}'" if module else f"'.{name}'"
            hint = "" if module else f"; for a column write df['{name}']"
            self.reject(node, f"uses {shown}: " + ATTRIBUTE_REASONS.get(
                name, "not on the list of what a strategy may use" + hint))
        if name in DISPATCHERS and not (isinstance(parent, ast.Call) and parent.func is node):
            self.reject(node, f"uses '.{name}' without calling it: call it where it stands")

    def check_call(self, node, parent):
        ast, func = self.ast, node.func
        if not (isinstance(func, ast.Attribute) and func.attr in DISPATCHERS):
            return
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        for name in keywords:
            if name not in DISPATCH_KEYWORDS:
                self.reject(node, f"calls '.{func.attr}' with {name or '**'}: give one function or one name")
        functions = node.args[:1] + [keywords[name] for name in ("func", "arg") if name in keywords]
        if not all(self.is_readable_function(function) for function in functions):
            self.reject(node, f"calls '.{func.attr}' with something that cannot be checked: give a function defined "
                              "in the strategy, np.name, or a plain name such as 'mean'")
        if any(isinstance(argument, ast.Starred) or not self.is_plain(argument) for argument in node.args[1:]):
            self.reject(node, f"calls '.{func.attr}' with more than one function")

    def is_plain(self, node):
        ast = self.ast
        return not isinstance(node, ast.Constant) or not isinstance(node.value, str) or node.value in DISPATCH_TEXT

    def is_readable_function(self, node):
        ast = self.ast
        if isinstance(node, ast.Constant):
            return isinstance(node.value, str) and node.value in DISPATCH_TEXT
        if isinstance(node, ast.Name):
            return node.id not in self.bound and (node.id in self.functions or node.id in SAFE_BUILTINS)
        if isinstance(node, ast.Attribute):
            return self.module_of(node.value) == "np"
        if isinstance(node, (ast.List, ast.Tuple)):
            return all(self.is_readable_function(item) for item in node.elts)
        if isinstance(node, ast.Dict):
            return None not in node.keys and all(self.is_readable_function(item) for item in node.values)
        return False

    def check_constant(self, node, parent):
        value = node.value
        if isinstance(value, bytes):
            self.reject(node, "has a bytes literal: use text")
        if isinstance(value, str) and "__" in value:
            self.reject(node, "has a text with two underscores in a row: those name the interpreter's own attributes")

    def check_function(self, node, parent):
        self.check_binding(node, node.name)
        if node.decorator_list:
            self.reject(node, "has a decorator: call the function where it is needed")

    def check_arg(self, node, parent):
        self.check_binding(node, node.arg)

    def check_keyword(self, node, parent):
        if node.arg and node.arg.startswith("_"):
            self.reject(node.value, f"uses '{node.arg}': names that begin with an underscore are the interpreter's own")

    def check_handler(self, node, parent):
        if node.name:
            self.check_binding(node, node.name)

    def check_comprehension(self, node, parent):
        if node.is_async:
            self.reject(parent, "has an async loop: not on the list of what a strategy may use")


def drop_known_imports(tree):
    """`import numpy as np` and `import pandas as pd` say what already holds; they are taken out."""
    import ast
    known = {("numpy", "np"), ("pandas", "pd")}
    for at, node in enumerate(tree.body):
        if isinstance(node, ast.Import) and all((name.name, name.asname) in known for name in node.names):
            tree.body[at] = ast.copy_location(ast.Pass(), node)


def validated_code(source, check):
    tree = parse_source(source)
    if check:
        drop_known_imports(tree)
        Validator(tree).run()
    try:
        return compile(tree, STRATEGY_FILE, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise Rejected(f"{type(error).__name__}: {error.msg}", error.lineno) from None
    except (MemoryError, RecursionError, ValueError) as error:
        raise Rejected(f"cannot be compiled: {error}") from None


# ---------------------------------------------------------------- market data and backtests

class JobError(Exception):
    """The job itself is at fault: a field that is missing or out of bounds."""


class StrategyError(Exception):
    """The strategy ran, and broke the contract; the text says what to do."""


DATA_NAMES = {
    "price:開盤價": "open", "price:最高價": "high", "price:最低價": "low", "price:收盤價": "close",
    "price:成交股數": "volume",
}


class MarketData:
    def __init__(self, frames):
        self.__dict__.update(frames)
        self.symbols = list(frames["close"].columns)

    def get(self, name):
        key = DATA_NAMES.get(name, name)
        if key not in ("open", "high", "low", "close", "volume"):
            raise KeyError(f"no data named {name!r}: there are open, high, low, close and volume")
        return getattr(self, key)

    __getitem__ = get


def business_days(count):
    # From 2000 on, 100,000 business days would run past the year 2262, where pandas' nanoseconds end.
    start = "2000-01-03" if count <= 60_000 else "1700-01-04"
    return pd.DatetimeIndex(np.busday_offset(start, np.arange(count)).astype("datetime64[ns]"))


def make_data(days, symbols, seed):
    """Seeded OHLCV. Rounding hides the last bits in which processors differ."""
    # RandomState takes 32 bits, or a list of them.
    random = np.random.RandomState(seed if seed < 2**32 else [seed & 0xFFFFFFFF, seed >> 32])
    shape = (days, symbols)
    close = 100.0 * np.exp(np.cumsum(random.normal(0.0004, 0.018, shape), axis=0).clip(-6.0, 6.0))
    close = np.round(close, 2)
    opened = np.round(np.vstack((close[:1], close[:-1])) * (1.0 + random.normal(0.0, 0.004, shape)), 2)
    high = np.round(np.maximum(opened, close) * (1.0 + random.uniform(0.0, 0.01, shape)), 2)
    low = np.round(np.minimum(opened, close) * (1.0 - random.uniform(0.0, 0.01, shape)), 2)
    volume = np.round(np.exp(random.normal(13.0, 0.6, shape)))
    index = business_days(days)
    columns = [f"S{number:02d}" for number in range(symbols)]
    values = {"open": opened, "high": high, "low": low, "close": close, "volume": volume}
    return MarketData({name: pd.DataFrame(array, index, columns) for name, array in values.items()})


def significant(value):
    """12 significant digits, and no negative zero: the same text wherever it was computed."""
    return float(f"{float(value):.12g}") + 0.0


def position_matrix(position, index, columns):
    if not isinstance(position, pd.DataFrame):
        raise TypeError("sim() needs a DataFrame of positions, one row per day and one column per symbol, "
                        f"not {type(position).__name__}")
    try:
        frame = position.reindex(index=index, columns=columns).astype("float64")
    except (TypeError, ValueError) as error:
        raise TypeError(f"sim() needs positions that are numbers or True and False: {error}") from None
    matrix = np.nan_to_num(frame.to_numpy(copy=True), copy=False, nan=0.0, posinf=np.inf, neginf=-np.inf)
    if not np.isfinite(matrix).all():
        raise ValueError("sim() got an infinite position: a division by zero in the strategy?")
    return np.round(matrix, 12) + 0.0


def hold_between(matrix, index, resample):
    """Positions change only on the last day of each week, month or quarter."""
    if resample in (None, "D"):
        return matrix
    if resample not in ("W", "M", "Q"):
        raise ValueError(f"sim(resample={resample!r}): there are 'D', 'W', 'M' and 'Q'")
    period = index.to_period(resample).asi8
    day = np.arange(len(matrix))
    is_last = np.append(period[1:] != period[:-1], True)
    source = np.maximum.accumulate(np.where(is_last, day, -1))
    return np.where(source[:, None] >= 0, matrix[source], 0.0)


def mock_report(matrix, prices, fee, tax):
    changes = int(np.count_nonzero(np.diff(matrix, axis=0, prepend=0.0)))
    exposure = float(np.count_nonzero(matrix)) / matrix.size
    return {
        "exposure": significant(exposure),
        "total_return": significant(0.1 * exposure - changes * (fee + tax) / matrix.size),
        "sharpe": significant(1.0 + exposure),
        "max_drawdown": significant(-0.2 * exposure),
        "trades": changes,
    }


def real_report(matrix, prices, fee, tax):
    gross = np.abs(matrix).sum(axis=1, keepdims=True)
    weights = np.divide(matrix, gross, out=np.zeros_like(matrix), where=gross > 0)
    weights = np.vstack((np.zeros_like(weights[:1]), weights[:-1]))  # today's signal trades tomorrow
    returns = np.zeros_like(prices)
    returns[1:] = prices[1:] / prices[:-1] - 1.0
    change = np.diff(weights, axis=0, prepend=0.0)
    bought, sold = np.maximum(change, 0.0).sum(axis=1), np.maximum(-change, 0.0).sum(axis=1)
    daily = (weights * returns).sum(axis=1) - (bought + sold) * fee - sold * tax
    equity = np.cumprod(np.maximum(1.0 + daily, 0.0))
    peak = np.maximum(np.maximum.accumulate(equity), 1.0)
    deviation = daily.std(ddof=1)
    entered = (weights != 0.0) & (np.vstack((np.zeros_like(weights[:1]), weights[:-1])) == 0.0)
    active = daily[(weights != 0.0).any(axis=1)]
    years = len(daily) / 252.0
    return {
        "exposure": significant(np.count_nonzero(weights) / weights.size),
        "total_return": significant(equity[-1] - 1.0),
        "annual_return": significant(equity[-1] ** (1.0 / years) - 1.0),
        "volatility": significant(deviation * np.sqrt(252.0)),
        "sharpe": significant(daily.mean() / deviation * np.sqrt(252.0) if deviation > 1e-15 else 0.0),
        "max_drawdown": significant((equity / peak - 1.0).min()),
        "win_rate": significant((active > 0.0).mean() if len(active) else 0.0),
        "turnover": significant(np.abs(change).sum()),
        "trades": int(np.count_nonzero(entered)),
    }


BACKTESTS = {"mock": mock_report, "real": real_report}


class Simulator:
    """The `sim` of one job. It keeps its own prices: a strategy that edits `data` changes no return."""

    def __init__(self, data, kind):
        self.kind = kind
        self.index = data.close.index.copy()
        self.columns = list(data.close.columns)
        self.prices = data.close.to_numpy(copy=True)
        self.calls = 0

    def sim(self, position, *, fee=0.001425, tax=0.003, resample=None, fee_ratio=None, tax_ratio=None,
            name=None, upload=False):
        import hashlib
        fee = float(fee if fee_ratio is None else fee_ratio)
        tax = float(tax if tax_ratio is None else tax_ratio)
        if not (0.0 <= fee < 1.0 and 0.0 <= tax < 1.0):
            raise ValueError(f"sim(fee={fee}, tax={tax}): both are shares of the traded amount, 0 to 1")
        matrix = hold_between(position_matrix(position, self.index, self.columns), self.index, resample)
        report = BACKTESTS[self.kind](matrix, self.prices, fee, tax)
        report.update(backtest=self.kind, days=len(self.index), symbols=len(self.columns),
                      position_sha256=hashlib.sha256(np.ascontiguousarray(matrix, "<f8").tobytes()).hexdigest())
        self.calls += 1
        return report


# ---------------------------------------------------------------- one job

class Printer:
    def __init__(self):
        self.bytes = 0

    def print(self, *values, sep=" ", end="\n", flush=False):
        text = (" " if sep is None else sep).join(map(str, values)) + ("\n" if end is None else end)
        self.bytes += len(text.encode("utf-8", "surrogatepass"))
        sys.stdout.write(text)
        if flush:
            sys.stdout.flush()


def integer_field(job, name, default, bounds):
    value = job.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not bounds[0] <= value <= bounds[1]:
        raise JobError(f"{name} must be a whole number from {bounds[0]} to {bounds[1]}, got {value!r:.80}")
    return value


def job_data(job):
    days = integer_field(job, "days", 252, DAYS)
    symbols = integer_field(job, "symbols", 10, SYMBOLS)
    seed = integer_field(job, "seed", 42, (0, 2**63 - 1))
    if days * symbols > CELLS_MAX:
        raise JobError(f"days × symbols is {days * symbols}, the limit is {CELLS_MAX}: lower one of them")
    if job.get("backtest", "mock") not in BACKTESTS:
        raise JobError(f"backtest must be mock or real, got {job['backtest']!r:.80}")
    return make_data(days, symbols, seed)


def loaded_import(name, global_names=None, local_names=None, fromlist=(), level=0):
    """numpy's C code imports its own parts through the caller's builtins, at an array method's first call."""
    if name.partition(".")[0] not in ("numpy", "pandas") or level or name not in sys.modules:
        raise ImportError(f"a strategy imports nothing, and {name!r} is not loaded")
    return __import__(name, global_names, local_names, fromlist, level)


def run_strategy(code, data, simulator, printer, restricted):
    import builtins
    scope = {"__name__": "strategy", "data": data, "np": np, "pd": pd, "sim": simulator.sim}
    if restricted:
        scope["__builtins__"] = {name: getattr(builtins, name) for name in SAFE_BUILTINS}
        scope["__builtins__"]["print"] = printer.print
        scope["__builtins__"]["__import__"] = loaded_import
    else:
        scope["print"] = printer.print
    exec(code, scope)
    if simulator.calls == 0:
        raise StrategyError("the strategy never called sim(): end it with report = sim(position)")
    if "report" not in scope:
        raise StrategyError("the strategy assigned no report: end it with report = sim(position)")
    if not isinstance(scope["report"], dict):
        raise StrategyError(f"report is a {type(scope['report']).__name__}, not what sim() returned: "
                            "end the strategy with report = sim(position)")
    return scope["report"]


def plain(value, path, budget, depth=0):
    """The value as JSON knows it; raises StrategyError with the field's path for anything JSON does not know."""
    budget[0] -= 1
    if budget[0] < 0 or depth > REPORT_DEPTH_MAX:
        raise StrategyError(f"{path} is too large: a report has at most {REPORT_VALUES_MAX} values")
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            what = "NaN" if value != value else "infinite"
            raise StrategyError(f"{path} is {what}: fill or drop missing values, and look for a division by zero")
        return value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if abs(value) > JSON_INT_MAX:
            raise StrategyError(f"{path} is too large for JSON: keep whole numbers below 2**53")
        return value
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, (list, tuple)):
        return [plain(item, f"{path}[{at}]", budget, depth + 1) for at, item in enumerate(value)]
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise StrategyError(f"{path} has the key {key!r:.40}: a report's keys are text")
        return {clean_text(key): plain(item, f"{path}.{key:.40}", budget, depth + 1) for key, item in value.items()}
    raise StrategyError(f"{path} is a {type(value).__name__}: a report holds numbers, text, lists and dicts")


def clean_text(text):
    """No lone surrogates and no NUL: every JSON reader takes the rest."""
    text = text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")
    return text if len(text) <= ERROR_MAX else text[:ERROR_MAX - 1] + "…"


def canonical(value):
    return encoder.encode(value)


def strategy_line(error):
    """The innermost line of the strategy that the exception passed through."""
    line, trace = None, error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == STRATEGY_FILE:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def describe(error):
    try:
        message = str(error)
    except BaseException:
        message = "(its message could not be made)"
    line = strategy_line(error)
    # Room for the line number: the cap must not cut it off.
    text = f"{type(error).__name__}: {message[:ERROR_MAX - 100]}" if message else type(error).__name__
    return clean_text(f"{text} (line {line})" if line else text), line


def phase_hints(token):
    return {name: f"\x1esw1 {token} phase {name}\n".encode() for name in HINTED}


def tell(descriptor, line):
    """One short write, which is whole or nothing; whoever cannot take it gets the result all the same."""
    try:
        os.write(descriptor, line)
    except OSError:
        pass


class Phase:
    def __init__(self, times, name, next_hint=None):
        self.times, self.name, self.next_hint = times, name, next_hint

    def __enter__(self):
        self.times[self.name] = [time.monotonic_ns(), 0]

    def __exit__(self, *exception):
        # Before the stamp: between two phases the kernel may take the CPU away for tens of ms, and those
        # would be in no phase.
        if self.next_hint and not any(exception):
            tell(*self.next_hint)
        self.times[self.name][1] = time.monotonic_ns()


def work(job, times, printer, hints):
    """Runs the phases; returns the canonical JSON of the result."""
    if job.get("noop") is True:
        return "null"
    restricted = job.get("validate", True) is not False
    with Phase(times, "validate"):
        code = validated_code(decode_source(job), restricted)
    with Phase(times, "data", hints.get("execute")):
        data = job_data(job)
        simulator = Simulator(data, job.get("backtest", "mock"))
    with Phase(times, "execute"):
        report = run_strategy(code, data, simulator, printer, restricted)
    with Phase(times, "serialize"):
        return canonical(plain(report, "result", [REPORT_VALUES_MAX]))


def run_job(job, times, hints, fatal=()):
    """Every ending of a strategy that leaves the interpreter alive becomes an outcome, but FATAL exceptions."""
    printer = Printer()
    outcome, error, line, result = "ok", None, None, None
    try:
        result = work(job, times, printer, hints)
    except Rejected as rejection:
        outcome, error, line = "rejected", clean_text(str(rejection)), rejection.line
    except fatal:
        raise
    except (JobError, StrategyError) as fault:
        outcome, error, line = "failed", clean_text(str(fault)), strategy_line(fault)
    except BaseException as raised:
        outcome = "failed"
        error, line = describe(raised)
    digest = hashlib.sha256(result.encode()).hexdigest() if result else None
    return {"v": PROTOCOL, "id": job.get("id"), "outcome": outcome, "error": error, "error_line": line,
            "digest": digest, "stdout_bytes": printer.bytes, "python": PYTHON}, result


# ---------------------------------------------------------------- protocol

class Broken(Exception):
    """The other side does not speak the protocol; nothing it sends can be answered."""


def job_lines(descriptor):
    """The lines of a descriptor; the last one may lack its newline."""
    pending = bytearray()
    while True:
        chunk = os.read(descriptor, 1 << 16)
        start = len(pending)
        pending += chunk
        while True:
            end = pending.find(b"\n", start)
            if end < 0:
                break
            yield bytes(pending[:end])
            del pending[:end + 1]
            start = 0
        if len(pending) > JOB_LINE_MAX:
            raise Broken(f"a job line is longer than {JOB_LINE_MAX} bytes")
        if not chunk:
            if pending:
                yield bytes(pending)
            return


def parse_job(line):
    try:
        job = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Broken(f"a job line is not JSON: {error}") from None
    if not isinstance(job, dict) or job.get("v") != PROTOCOL:
        raise Broken(f"a job line is not an object with \"v\": {PROTOCOL}")
    token = job.get("token")
    if not isinstance(token, str) or not token.isalnum() or not token.isascii() or len(token) > 64:
        raise Broken("a job line has no valid token")
    if not isinstance(job.get("id"), (str, int, type(None))):
        raise Broken("a job's id is neither text nor a number")
    return job


def write_all(descriptor, text):
    rest = memoryview(text.encode("utf-8"))
    while rest:
        try:
            rest = rest[os.write(descriptor, rest):]
        except BlockingIOError:
            import select
            select.select([], [descriptor], [])


def flush_output():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            pass


def answer(descriptor, token, envelope, result, times):
    head = canonical(envelope)[:-1]
    tail = canonical(times)[:-1]
    # What a strategy printed comes before its result, whatever the streams are connected to.
    flush_output()
    line = f'\x1esw1 {token} result {head},"result":{result or "null"},"t":{tail},"written":%d}}}}\n'
    before, after = line.rsplit("%d", 1)
    write_all(descriptor, f"{before}{time.monotonic_ns()}{after}")


def serve(descriptor, first_times, phases):
    for line in job_lines(0):
        read_at = time.monotonic_ns()
        if not line.strip():
            continue
        job = parse_job(line)
        token = job.pop("token")
        times = {**first_times, "job": read_at}
        first_times = {}
        hints = {name: (descriptor, line) for name, line in phase_hints(token).items()} if phases else {}
        envelope, result = run_job(job, times, hints)
        answer(descriptor, token, envelope, result, times)
        if job.get("once") is True:
            return


def take_result_descriptor(number):
    """A private copy that no child inherits; what the strategy prints cannot reach it by number."""
    descriptor = os.dup(number)
    if number == 1:
        os.dup2(2, 1)
    else:
        os.close(number)
    return descriptor


def leave(code):
    flush_output()
    # Tearing pandas down takes longer than a job, and nothing is left to save.
    os._exit(code)


def parse_arguments(arguments):
    options = {"--result-fd": None, "--announce": False, "--phases": False, "--zygote": False, "--packages": None}
    rest = list(arguments)
    while rest:
        name = rest.pop(0)
        if name in ("--announce", "--phases", "--zygote"):
            options[name] = True
        elif name in ("--result-fd", "--packages") and rest:
            options[name] = rest.pop(0)
        else:
            raise ValueError(f"unknown or incomplete option {name!r}")
    if not (options["--result-fd"] or "").isdigit():
        raise ValueError("--result-fd needs the number of a descriptor")
    options["--result-fd"] = int(options["--result-fd"])
    return options


def complain(message):
    sys.stderr.write(f"sandwatch-worker: {message}\n")


def import_libraries(packages):
    global encoder, hashlib, json, np, pd
    if packages:
        sys.path.append(packages)
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    gc.disable()  # an eighth of the time of the imports
    import hashlib
    import json
    import numpy as np
    import pandas as pd
    # Made once: json.dumps would make one for each of a job's lines.
    encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)
    gc.freeze()
    gc.enable()


def load_zygote():
    """zygote.py, or what it was compiled to, from beside this file: no folder of ours is on the path."""
    import importlib.util
    here, name = os.path.split(os.path.abspath(__file__))
    spec = importlib.util.spec_from_file_location("zygote", os.path.join(here, "zygote" + os.path.splitext(name)[1]))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main():
    try:
        options = parse_arguments(sys.argv[1:])
        descriptor = take_result_descriptor(options["--result-fd"])
    except (ValueError, OSError) as error:
        complain(f"{error}; usage: worker.py --result-fd N [--announce | --zygote] [--phases] [--packages DIR]")
        leave(EXIT_SETUP)
    begin = time.monotonic_ns()
    if options["--phases"]:
        tell(descriptor, phase_hints("-")["imports"])  # no job has brought a token yet
    try:
        import_libraries(options["--packages"])
        times = {"main": T_MAIN, "imports": [begin, time.monotonic_ns()]}
    except ImportError as error:
        complain(f"cannot import {error.name or 'a library'}: {error}")
        leave(EXIT_SETUP)
    try:
        sys.stdout.reconfigure(errors="backslashreplace")
        if options["--zygote"]:
            load_zygote().run(sys.modules["__main__"], descriptor, times)
            leave(0)
        if options["--announce"]:
            write_all(descriptor, f"\x1esw1 - ready {canonical({'t': times})}\n")
        serve(descriptor, times, options["--phases"])
    except Broken as error:
        complain(str(error))
        leave(EXIT_PROTOCOL)
    except BrokenPipeError:
        leave(EXIT_PROTOCOL)
    except KeyboardInterrupt:
        leave(130)
    leave(0)


if __name__ == "__main__":
    main()
