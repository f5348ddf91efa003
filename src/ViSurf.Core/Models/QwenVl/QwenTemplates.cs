namespace ViSurf.Core.Models.QwenVl;

/// <summary>
/// Chat templates for directories that hold none: what the families' published ones make of texts and pictures, in short.
/// </summary>
internal static class QwenTemplates
{
    private const string Content =
        "{% if message.content is string %}{{ message.content }}{% else %}{% for part in message.content %}"
        + "{% if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ part.text }}{% endif %}{% endfor %}{% endif %}";

    private const string Turn = "{{ '<|im_start|>' + message.role + '\\n' }}" + Content + "{{ '<|im_end|>\\n' }}";
    private const string Opening = "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    /// <summary>Qwen2, Qwen2-VL, Qwen2.5-VL.</summary>
    public const string Assistant =
        "{% for message in messages %}{% if loop.first and message.role != 'system' %}{{ '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}{% endif %}"
        + Turn + "{% endfor %}" + Opening;

    /// <summary>Qwen3-VL, which reads system messages at the beginning only.</summary>
    public const string Plain = "{% for message in messages %}{% if loop.first or message.role != 'system' %}" + Turn + "{% endif %}{% endfor %}" + Opening;

    /// <summary>Qwen3: thoughts before the last question are cut, and a last answer without one gets an empty one.</summary>
    public const string Thinking =
        "{% set last = namespace(question=messages|length) %}{% for message in messages %}{% if message.role == 'user' and not "
        + "(message.content is string and message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}"
        + "{% set last.question = loop.index0 %}{% endif %}{% endfor %}"
        + "{% for message in messages %}{% if message.role != 'assistant' %}" + Turn
        + "{% else %}{% set thought = '' %}{% set answer = message.content %}{% if '</think>' in answer %}"
        + "{% set thought = answer.split('</think>')[0].rstrip('\\n').split('<think>')[-1].strip('\\n') %}{% set answer = answer.split('</think>')[-1].lstrip('\\n') %}{% endif %}"
        + "{{ '<|im_start|>assistant\\n' }}{% if loop.index0 > last.question and (loop.last or thought) %}"
        + "{{ '<think>\\n' + thought + '\\n</think>\\n\\n' + answer.lstrip('\\n') }}{% else %}{{ answer }}{% endif %}{{ '<|im_end|>\\n' }}{% endif %}{% endfor %}"
        + Opening;
}
