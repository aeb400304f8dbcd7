"""openai_client.py QUESTION - ask a model through Lectern with OpenAI's own client."""
import os
import sys

from openai import OpenAI

client = OpenAI(base_url=os.environ.get("LECTERN_URL", "http://127.0.0.1:8080") + "/v1", api_key=os.environ["LECTERN_KEY"])
model = client.models.list().data[0].id
answer = client.chat.completions.create(model=model, messages=[{"role": "user", "content": sys.argv[1]}])
print(model, answer.choices[0].message.content)
