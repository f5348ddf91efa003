using System.Text.Json;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Models.QwenVl;

/// <summary>
/// What chat templates make of conversations. Right values are Jinja's own (3.1.2, set up as transformers sets it up), for the cases of
/// public reports and for what the templates of the families do.
/// </summary>
public sealed class QwenChatTests
{
    private const string Asked = "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n";
    private static readonly string[] Control = [QwenChat.TurnStart, QwenChat.TurnEnd];
    private static readonly string Turns = "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' "
        + "}}{% endfor %}";
    private static readonly string Open = "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

    public static TheoryData<string> Own => Named(Fixtures.PathOf("chat_templates"));

    public static TheoryData<string> Reported => Named(Cases.PathOf("28-chat-templates"));

    [Theory]
    [MemberData(nameof(Own))]
    public void A_template_renders_as_Jinja_renders_it(string template)
    {
        var chat = QwenChat.Of(File.ReadAllText(Fixtures.PathOf("chat_templates", template)));
        foreach (var (turns, right) in Right(Fixtures.PathOf("chat_templates"), template))
            chat.Render(turns, control: Control).Text.Should().Be(right);
    }

    [Theory]
    [MemberData(nameof(Reported))]
    public void A_template_from_elsewhere_renders_as_Jinja_renders_it_or_is_refused_in_words(string template)
    {
        QwenChat? chat = null;
        var refused = 0;
        foreach (var (turns, right) in Right(Cases.PathOf("28-chat-templates"), template))
            try
            {
                chat ??= QwenChat.Of(File.ReadAllText(Cases.PathOf("28-chat-templates", template)));
                chat.Render(turns, control: Control).Text.Should().Be(right);
            }
            catch (FormatException e)
            {
                refused++;
                e.Message.Should().NotBeEmpty();
            }
        if (template is "system-in-a-variable.jinja" or "thought-opened-without-newline.jinja") refused.Should().Be(0);
    }

    [Fact]
    public void A_thought_that_the_template_opens_is_known()
    {
        QwenChat.Of(File.ReadAllText(Fixtures.PathOf("cases", "28-chat-templates",
            "thought-opened-without-newline.jinja"))).Opening.Should().Be("<think>");
        QwenChat.Of(File.ReadAllText(Fixtures.PathOf("cases", "27-thought-opened-by-the-prompt", "chat_template.jinja"))).Opening.Should()
            .Be("<think>\n");
        QwenChat.Of(Turns + Open.Replace("' }}", "<think>\n\n</think>\n\n' }}", StringComparison.Ordinal)).Opening.Should()
            .Be("<think>\n\n</think>\n\n");
        QwenChat.Plain.Opening.Should().BeEmpty();
    }

    [Fact]
    public void Filters_branches_and_other_default_messages_are_run_as_they_stand()
    {
        ChatTurn[] turns = [ChatTurn.User(" Hi "), ChatTurn.Assistant("A"), ChatTurn.User("b")];
        QwenChat.Of(Turns.Replace("m.content", "(m.content | trim | upper)", StringComparison.Ordinal) + Open).Render(turns).Text
            .Should().Be("<|im_start|>user\nHI<|im_end|>\n<|im_start|>assistant\nA<|im_end|>\n<|im_start|>user\nB<|im_end|>\n<|im_start|>assistant\n");
        QwenChat.Of("{% set s = 'You are Qwen.' %}{{ '<|im_start|>system\n' ~ s ~ "
            + "'<|im_end|>\n' }}" + Turns + Open).Render([ChatTurn.User("Hi")]).Text
            .Should().Be("<|im_start|>system\nYou are Qwen.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
    }

    [Theory]
    [InlineData("{{ '[INST]' }}", "*<|im_start|>assistant*")]
    [InlineData("{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}", "*turns that end with <|im_end|>*")]
    [InlineData("{% for m in messages %}", "*line 1: the template ends inside of a block*")]
    [InlineData("{{ messages[0].content | tojson | wordcount }}", "*line 1: the filter 'wordcount', which is not supported*")]
    [InlineData("\n{% include 'x' %}", "*line 2: the statement 'include', which is not supported*")]
    [InlineData("{{ strftime_now('%d') }}", "*the function 'strftime_now', which is not supported*")]
    [InlineData("{{ raise_exception('never') }}", "*it refuses the conversation: never*")]
    [InlineData("{{ messages[0].content.center(9) }}", "*the method 'center', which is not supported*")]
    [InlineData("{{ 1.5 }}", "*a number with a point*")]
    [InlineData("{% set a = {'b': 1} %}", "*'{', which is not known here*")]
    [InlineData("{% for a in range(3000000) %}{% endfor %}", "*more than 2000000 steps*")]
    [InlineData("{% set ns = namespace(s='ab') %}{% for a in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        "*a text has more than*")]
    [InlineData("{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}", "*macros call each other more than 64 deep*")]
    public void What_is_not_read_exactly_is_refused_by_name(string template, string message)
        => FluentActions.Invoking(() => QwenChat.Of(template)).Should().Throw<FormatException>().WithMessage(message);

    [Theory]
    [InlineData("(", 100_000)]
    [InlineData("not ", 100_000)]
    [InlineData("{% if a %}", 100_000)]
    public void Nesting_without_end_is_refused_and_ends_no_process(string part, int times)
    {
        var repeated = string.Concat(Enumerable.Repeat(part, times));
        FluentActions.Invoking(() => QwenChat.Of(part.StartsWith('{') ? repeated : "{{ " + repeated + " }}")).Should()
            .Throw<FormatException>();
    }

    [Fact]
    public void Qwen3_cuts_thoughts_before_the_last_question_and_gives_a_last_answer_an_empty_one()
    {
        var (chat, thoughtful) = (QwenChat.Thinking, ChatTurn.Assistant("<think>\nx\n</think>\n\nb"));
        chat.Render([ChatTurn.User("a"), thoughtful, ChatTurn.User("c")]).Text
            .Should().Be(Asked + "b<|im_end|>\n<|im_start|>user\nc<|im_end|>\n<|im_start|>assistant\n");
        chat.Render([ChatTurn.User("a"), thoughtful], generationPrompt: false).Text.Should()
            .Be(Asked + "<think>\nx\n</think>\n\nb<|im_end|>\n");
        chat.Render([ChatTurn.User("a"), ChatTurn.Assistant("b")], generationPrompt: false).Text.Should()
            .Be(Asked + "<think>\n\n</think>\n\nb<|im_end|>\n");
        chat.Render([ChatTurn.User("a"), thoughtful, ChatTurn.Assistant("c")], generationPrompt: false).Text
            .Should().Be(Asked + "<think>\nx\n</think>\n\nb<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\nc<|im_end|>\n");
        QwenChat.Plain.Render([ChatTurn.User("a"), thoughtful], generationPrompt: false).Text.Should()
            .Be(Asked + "<think>\nx\n</think>\n\nb<|im_end|>\n");
    }

    [Fact]
    public void The_template_is_found_where_transformers_looks_for_it()
    {
        using var folder = new TemporaryDirectory();
        ChatTemplateFile.Read(folder.Path, QwenChat.Plain).Should().BeSameAs(QwenChat.Plain, "there is none");
        Write("tokenizer_config.json",
            new[] { new { name = "tool_use", template = "?" }, new { name = "default", template = Marked("tokenizer") } });
        Said().Should().Be("tokenizer");
        Write("processor_config.json", Marked("processor"));
        Said().Should().Be("processor");
        Write("chat_template.json", Marked("json"));
        Said().Should().Be("json");
        File.WriteAllText(folder.File("chat_template.jinja"), Marked("jinja"));
        Said().Should().Be("jinja");
        File.WriteAllText(folder.File("chat_template.jinja"), "{{ '[INST]' }}");
        Refused("*chat_template.jinja*<|im_start|>*published checkpoint*");
        File.Delete(folder.File("chat_template.jinja"));
        Write("chat_template.json", new[] { new { name = "rag", template = "?" } });
        Refused("*chat_template.json*without a text that is named default*");
        Write("chat_template.json", 5);
        Refused("*chat_template.json*chat_template is 5, expected a text or a list*");

        string Said() => ChatTemplateFile.Read(folder.Path, QwenChat.Plain).Render([ChatTurn.User("a")]).Text.Split("<|im_end|>")[0]
            .Split('\n')[^1];
        string Marked(string name) => $"{{{{ '<|im_start|>system\\n{name}<|im_end|>\\n' }}}}" + Turns + Open;
        void Write(string file, object template) => File.WriteAllText(folder.File(file), JsonSerializer.Serialize(new { chat_template = template }));
        void Refused(string message) => FluentActions.Invoking(() => ChatTemplateFile.Read(folder.Path, QwenChat.Plain)).Should()
            .Throw<InvalidDataException>().WithMessage(message);
    }

    [Fact]
    public void Special_tokens_of_the_tokenizers_settings_are_known_to_the_template()
    {
        using var folder = new TemporaryDirectory();
        File.WriteAllText(folder.File("tokenizer_config.json"), """{"eos_token": {"content": "<|im_end|>"}, "bos_token": null}""");
        File.WriteAllText(folder.File("chat_template.jinja"),
            Turns.Replace("'<|im_end|>\n'", "eos_token + '\n'", StringComparison.Ordinal) + "{{ bos_token }}" + Open);
        ChatTemplateFile.Read(folder.Path, QwenChat.Plain).Render([ChatTurn.User("a")]).Text.Should().Be(Asked);

        // What is wrong in one file is not said of the other.
        File.WriteAllText(folder.File("tokenizer_config.json"), """{"eos_token": 5}""");
        FluentActions.Invoking(() => ChatTemplateFile.Read(folder.Path, QwenChat.Plain)).Should().Throw<InvalidDataException>()
            .WithMessage("*tokenizer_config.json': eos_token is 5, expected a text.");
    }

    private static TheoryData<string> Named(string folder)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected.json")));
        return [.. json.RootElement.EnumerateArray().Select(e => e.GetProperty("template").GetString()!)];
    }

    /// <summary>Conversations and what Jinja makes of them, as far as it makes anything.</summary>
    private static List<(ChatTurn[] Turns, string Right)> Right(string folder, string template)
    {
        using var expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected.json")));
        using var conversations = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "conversations.json")));
        var right = expected.RootElement.EnumerateArray().Single(e => e.GetProperty("template").GetString() == template)
            .GetProperty("rendered_right");
        return [.. conversations.RootElement.EnumerateArray().Zip(right.EnumerateArray())
            .Where(p => p.Second.ValueKind == JsonValueKind.String)
            .Select(p => (p.First.EnumerateArray().Select(Turn).ToArray(), p.Second.GetString()!))];
    }

    private static ChatTurn Turn(JsonElement message)
    {
        var content = message.GetProperty("content");
        ChatPart[] parts = content.ValueKind == JsonValueKind.String ? [content.GetString()!]
            : [.. content.EnumerateArray().Select(p => p.GetProperty("type").GetString() == "image" ? ChatPart.Image
                : ChatPart.OfText(p.GetProperty("text").GetString()!))];
        return new ChatTurn(message.GetProperty("role").GetString()!, parts);
    }
}
