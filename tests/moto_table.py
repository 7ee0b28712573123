"""The table as the template declares it, for tests in moto."""

from typing import Any

from chalicelib.keys import INDEX_KEYS, PROJECTED


def create_table(client: Any, name: str) -> None:
    """Create the table with its indexes."""
    keys = {"PK", "SK"} | {key for pair in INDEX_KEYS.values() for key in pair}

    def schema(pk: str, sk: str) -> list[dict[str, str]]:
        return [{"AttributeName": pk, "KeyType": "HASH"}, {"AttributeName": sk, "KeyType": "RANGE"}]

    projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(PROJECTED)}
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in sorted(keys)],
        KeySchema=schema("PK", "SK"),
        GlobalSecondaryIndexes=[
            {"IndexName": index, "KeySchema": schema(*pair), "Projection": projection}
            for index, pair in INDEX_KEYS.items()
        ],
    )
