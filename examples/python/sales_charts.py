# %% [markdown]
# # How a festival sells
# Reads the sales of a store into pandas and draws two charts. Run it as a notebook (the `# %%` lines are cells), or
# as a program: `python sales_charts.py FOLDER`. Without a store in the folder it makes one and lets a festival sell.

# %%
from __future__ import annotations

import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pandas

import eventcore as ec

folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("sales")
folder.mkdir(parents=True, exist_ok=True)
matplotlib.use("Agg")

# %% [markdown]
# ## A store with a history
# `test_clock=True` lets time be set, so six weeks of sales are made in a moment. A store of yours is opened without it.

# %%
START = datetime(2031, 6, 1, 18, 0, tzinfo=UTC)
PRICES = {"Standing": ("25.00", 600), "Balcony": ("45.00", 150), "Backstage": ("120.00", 30)}
key = ec.Key.raw(b"a host takes 32 bytes of random.")
engine = ec.open(folder / "sales.ecdb", key=key, create=True, test_clock=True)
session = engine.session(ec.Principal.service("charts"))

if session.count("events") == 0:
    dice = random.Random(2031)
    engine.clock.set(START - timedelta(days=42))
    made = session.create_organization(name="Aurora", owner={"email": "olga@aurora.example", "full_name": "Olga"})
    event = session.insert(
        "events",
        {
            "organization_id": made["organization"]["id"],
            "name": "Aurora Night",
            "status": "confirmed",
            "start_datetime": START,
            "end_datetime": START + timedelta(hours=6),
        },
    )
    categories = session.insert_many(
        "ticket_categories",
        [
            {"event_id": event["id"], "name": name, "base_price": price, "total_quantity": places}
            for name, (price, places) in PRICES.items()
        ],
    )
    for day in range(42):
        engine.clock.set(START - timedelta(days=42 - day, hours=dice.randrange(10)))
        for _ in range(2 + day // 8):
            category = dice.choices(categories, weights=[10, 4, 1])[0]
            quantity = dice.randint(1, 4)
            try:
                session.place_order(
                    event_id=event["id"],
                    items=[{"ticket_category_id": category["id"], "quantity": quantity}],
                    payment={"method": "card", "amount": category["base_price"] * quantity},
                )
            except ec.RuleViolation as error:
                print(f"{category['name']}: {error.message}")

# %% [markdown]
# ## Into pandas
# Results are Arrow streams: pandas takes them without a copy through Python objects. Money arrives as exact decimals.

# %%
event = session.list("events").one()
session = engine.session(ec.Principal.service("charts", event["organization_id"]))
tickets = session.list("tickets", where={"status": {"in": ["valid", "used"]}}, order_by=["created_at"]).to_pandas()
names = session.list("ticket_categories", columns=["id", "name", "currency"]).to_pandas()
tickets = tickets.merge(names.rename(columns={"id": "ticket_category_id", "name": "category"}))
tickets["day"] = tickets["created_at"].dt.floor("D")
print(tickets.groupby("category")["price_paid"].agg(["count", "sum"]))

# %% [markdown]
# ## Sales over time

# %%
per_day = tickets.pivot_table(index="day", columns="category", values="id", aggfunc="count", fill_value=0)
days = pandas.date_range(per_day.index.min(), per_day.index.max(), freq="D")
so_far = per_day.reindex(days, fill_value=0).cumsum()
figure, axes = plt.subplots(figsize=(9, 5), layout="constrained")
axes.stackplot(so_far.index, so_far.T.to_numpy(dtype=float), labels=list(so_far.columns), alpha=0.85)
axes.set(title=f"{event['name']}: tickets sold", ylabel="tickets", xlabel="day")
axes.legend(loc="upper left", frameon=False)
axes.spines[["top", "right"]].set_visible(False)
figure.autofmt_xdate()
figure.savefig(folder / "sales-over-time.png", dpi=120)
plt.close(figure)

# %% [markdown]
# ## Who brings the money

# %%
revenue = tickets.groupby("category")["price_paid"].sum().astype(float).sort_values()
figure, axes = plt.subplots(figsize=(9, 3), layout="constrained")
bars = axes.barh(list(revenue.index), revenue.to_numpy(), color="#3b6ea5")
axes.bar_label(bars, fmt="{:,.0f} " + tickets["currency"].iloc[0], padding=4)
axes.set(title=f"{event['name']}: revenue by category")
axes.spines[["top", "right", "bottom"]].set_visible(False)
axes.tick_params(bottom=False, labelbottom=False)
axes.margins(x=0.15)
figure.savefig(folder / "revenue-by-category.png", dpi=120)
plt.close(figure)
print(f"charts: {folder / 'sales-over-time.png'}, {folder / 'revenue-by-category.png'}")

# %%
engine.close()
