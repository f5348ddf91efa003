using System.Text.Json;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Models.QwenVl;

/// <summary>
/// What a template's text says about how it renders. The expected conversations were rendered with Jinja from the published templates; the
/// templates here are short ones with the same marks.
/// </summary>
public sealed class QwenChatTests
{
    private const string Qwen25 = """
        {%- if tools %}{{- '<|im_start|>system\n' }}{%- if messages[0]['role'] == 'system' %}{{- messages[0]['content'] }}{%- else %}{{- 'You are Qwen.' }}{%- endif %}
        {%- else %}{%- if messages[0]['role'] == 'system' %}{{- '<|im_start|>system\n' + messages[0]['content'] + '<|im_end|>\n' }}
        {%- else %}{{- '<|im_start|>system\nYou are Qwen.<|im_end|>\n' }}{%- endif %}{%- endif %}
        {%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}
        """;

    private const string Qwen3 = """
        {%- if messages[0].role == 'system' %}{{- '<|im_start|>system\n' + messages[0].content + '<|im_end|>\n' }}{%- endif %}
        {%- set ns = namespace(last_query_index=messages|length - 1) %}{%- if '</think>' in content %}{%- endif %}
        {%- if loop.index0 > ns.last_query_index %}{%- if loop.last or (not loop.last and reasoning_content) %}
        {{- '<|im_start|>' + message.role + '\n<think>\n' + reasoning_content.strip('\n') + '\n</think>\n\n' + content.lstrip('\n') }}{%- endif %}{%- endif %}
        {%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- if enable_thinking is false %}{{- '<think>\n\n</think>\n\n' }}{%- endif %}{%- endif %}
        """;

    [Fact]
    public void A_default_system_message_is_the_one_the_template_writes_out()
    {
        QwenChat.Of(Qwen25).Should().Be(new QwenChat("You are Qwen.", "<|im_start|>assistant\n", ThoughtRule.AsWritten));
        QwenChat.Of(Qwen25).Render([ChatTurn.User("Hi")])
            .Should().Be("<|im_start|>system\nYou are Qwen.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
        QwenChat.Of(Qwen25).Render([ChatTurn.System("Short."), ChatTurn.User("Hi")])
            .Should().Be("<|im_start|>system\nShort.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
    }

    [Fact]
    public void Qwen3_has_no_default_system_message()
    {
        QwenChat.Of(Qwen3).Should().Be(new QwenChat(null, "<|im_start|>assistant\n", ThoughtRule.FreshOrEmpty));
        QwenChat.Of(Qwen3).Render([ChatTurn.User("Hi")]).Should().Be("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
        QwenChat.Plain.Render([ChatTurn.User(ChatPart.Image, "Hi")])
            .Should().Be("<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|>Hi<|im_end|>\n<|im_start|>assistant\n");
    }

    [Fact]
    public void Thoughts_before_the_last_question_are_cut_and_later_ones_stay()
    {
        var (chat, thoughtful) = (QwenChat.Of(Qwen3), ChatTurn.Assistant("<think>\nx\n</think>\n\nb"));
        const string Asked = "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n";
        chat.Render([ChatTurn.User("a"), thoughtful, ChatTurn.User("c")])
            .Should().Be(Asked + "b<|im_end|>\n<|im_start|>user\nc<|im_end|>\n<|im_start|>assistant\n");
        chat.Render([ChatTurn.User("a"), thoughtful], generationPrompt: false).Should().Be(Asked + "<think>\nx\n</think>\n\nb<|im_end|>\n");
        chat.Render([ChatTurn.User("a"), ChatTurn.Assistant("b")], generationPrompt: false).Should().Be(Asked + "<think>\n\n</think>\n\nb<|im_end|>\n");
        chat.Render([ChatTurn.User("a"), thoughtful, ChatTurn.Assistant("c")], generationPrompt: false)
            .Should().Be(Asked + "<think>\nx\n</think>\n\nb<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\nc<|im_end|>\n");
        // The 2507 templates: no empty thought.
        QwenChat.Of(Qwen3.Replace("loop.last or (not loop.last and reasoning_content)", "reasoning_content", StringComparison.Ordinal))
            .Render([ChatTurn.User("a"), ChatTurn.Assistant("b")], generationPrompt: false).Should().Be(Asked + "b<|im_end|>\n");
        QwenChat.Plain.Render([ChatTurn.User("a"), thoughtful], generationPrompt: false).Should().Be(Asked + "<think>\nx\n</think>\n\nb<|im_end|>\n");
    }

    [Fact]
    public void A_thinking_models_answer_is_opened_inside_its_thought()
        => QwenChat.Of(Qwen3.Replace("{{- '<|im_start|>assistant\\n' }}", "{{- '<|im_start|>assistant\\n<think>\\n' }}", StringComparison.Ordinal))
            .Opening.Should().Be("<|im_start|>assistant\n<think>\n");

    [Fact]
    public void The_template_is_found_in_its_own_file_or_in_the_tokenizers_settings()
    {
        using var folder = new TemporaryDirectory();
        ChatTemplateFile.Read(folder.Path, QwenChat.Plain).Should().Be(QwenChat.Plain, "there is none");
        Write("tokenizer_config.json", new[] { new { name = "tool_use", template = "?" }, new { name = "default", template = Qwen25 } });
        ChatTemplateFile.Read(folder.Path, QwenChat.Plain).DefaultSystem.Should().Be("You are Qwen.");
        Write("chat_template.json", Qwen3);
        ChatTemplateFile.Read(folder.Path, QwenChat.Assistant).Should().Be(QwenChat.Of(Qwen3));
        File.WriteAllText(folder.File("chat_template.jinja"), "{{ '[INST]' }}");
        var read = () => ChatTemplateFile.Read(folder.Path, QwenChat.Plain);
        read.Should().Throw<InvalidDataException>().WithMessage("*chat_template.jinja*<|im_start|>*");

        void Write(string file, object template) => File.WriteAllText(folder.File(file), JsonSerializer.Serialize(new { chat_template = template }));
    }
}
