"""What transformers takes for the same work: generate a group of rollouts, then forward and backward over the group, prompt and picture
repeated for every row as trainers on top of it do, a few rows at a time. Used by run.sh where Python has torch and transformers. Prints
one JSON line for each of the two, the first before the second can run out of memory. Medians are over --steps measurements after one
that is thrown away."""
import argparse
import json
import statistics
import time
from importlib.util import find_spec

import numpy
import torch
import transformers
from PIL import Image
from transformers import AutoProcessor, Qwen2_5_VLForConditionalGeneration


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--image-side", type=int, default=840)
    parser.add_argument("--group", type=int, default=8)
    parser.add_argument("--completion", type=int, default=256)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--lora", type=int, default=16)
    parser.add_argument("--rows", type=int, default=3, help="rows of the update that are computed at once")
    parser.add_argument("--device", default="cuda")
    return parser.parse_args()


def picture(side):
    y, x = numpy.mgrid[0:side, 0:side]
    return Image.fromarray(numpy.stack([x, y, x * y], -1).astype(numpy.uint8))


def repeated(inputs, rows):
    """The prompt of one row for all rows; pictures lie one after the other."""
    return {key: value.repeat(rows, *[1] * (value.dim() - 1)) for key, value in inputs.items()}


def timed(work, steps, device):
    def once():
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        start = time.perf_counter()
        result = work()
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        return time.perf_counter() - start, result

    once()
    measured = [once() for _ in range(steps)]
    return [seconds for seconds, _ in measured], measured[-1][1]


def peak_gb(device):
    """Most memory that libtorch held on the device; null on the CPU."""
    return torch.cuda.max_memory_reserved() / 1e9 if device.startswith("cuda") else None


def main():
    args = arguments()
    # Straight to the device: no second copy in host memory.
    place = {"device_map": args.device} if args.device.startswith("cuda") and find_spec("accelerate") else {}
    kind = {"dtype" if int(transformers.__version__.split(".")[0]) >= 5 else "torch_dtype": torch.bfloat16}
    model = Qwen2_5_VLForConditionalGeneration.from_pretrained(args.model, **kind, **place).to(args.device).eval()
    processor = AutoProcessor.from_pretrained(args.model)
    content = [{"type": "image"}, {"type": "text", "text": "Where is the red square? Answer with its box and its centre."}]
    text = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True, tokenize=False)
    one = processor(text=[text], images=[picture(args.image_side)], return_tensors="pt").to(args.device)
    group = repeated(one, args.group)

    def generate():
        with torch.no_grad():
            return model.generate(**group, do_sample=True, temperature=1.0, top_p=1.0, top_k=0, repetition_penalty=1.0,
                                  min_new_tokens=args.completion, max_new_tokens=args.completion)

    generate_s, sequences = timed(generate, args.steps, args.device)
    print(json.dumps({
        "command": "transformers",
        "transformers": transformers.__version__,
        "prompt_tokens": one["input_ids"].shape[1],
        "group": args.group,
        "completion": args.completion,
        "generate_s": generate_s,
        "tokens_per_s": args.group * args.completion / statistics.median(generate_s),
        "device_peak_gb": peak_gb(args.device),
    }), flush=True)
    if args.device.startswith("cuda"):
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()

    trained = "all weights"
    try:
        from peft import LoraConfig, get_peft_model

        targets = r".*language_model.*(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)"
        model = get_peft_model(model, LoraConfig(r=args.lora, lora_alpha=2 * args.lora, target_modules=targets))
        trained = f"LoRA {args.lora}"
    except ImportError:
        pass
    # A label joins the group, as in ViSurf: one more row of the same length.
    prompt = one["input_ids"].shape[1]
    rows = torch.cat([sequences, sequences[:1]])

    def backward(part):
        batch = repeated({key: value for key, value in one.items() if key not in ("input_ids", "attention_mask")}, len(part))
        if "mm_token_type_ids" in batch:
            batch["mm_token_type_ids"] = torch.nn.functional.pad(batch["mm_token_type_ids"], (0, part.shape[1] - prompt))
        logits = model(input_ids=part, attention_mask=torch.ones_like(part), **batch, logits_to_keep=args.completion + 1, use_cache=False).logits
        chosen = torch.log_softmax(logits[:, :-1].float(), -1).gather(-1, part[:, prompt:, None])
        (-chosen.sum() / (len(rows) * args.completion)).backward()

    def update():
        model.zero_grad(set_to_none=True)
        for part in rows.split(args.rows):
            backward(part)

    update_s, _ = timed(update, args.steps, args.device)
    print(json.dumps({
        "command": "transformers update",
        "trained": trained,
        "rows": len(rows),
        "rows_at_once": args.rows,
        "update_s": update_s,
        "update_median_s": statistics.median(update_s),
        "device_peak_gb": peak_gb(args.device),
    }))


if __name__ == "__main__":
    main()
