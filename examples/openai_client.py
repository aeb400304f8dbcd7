"""openai_client.py QUESTION - ask the library with OpenAI's own client: the model `lectern` answers from it, others by themselves."""
import os
import sys

from openai import OpenAI

client = OpenAI(base_url=os.environ.get("LECTERN_URL", "http://127.0.0.1:8000") + "/v1", api_key=os.environ["LECTERN_KEY"])
print("models", *(model.id for model in client.models.list()))
answer = client.chat.completions.create(model="lectern", messages=[{"role": "user", "content": sys.argv[1]}])
print(answer.choices[0].message.content)
