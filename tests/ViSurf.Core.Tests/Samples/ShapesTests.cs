using System.Text.Json;
using FluentAssertions;
using SkiaSharp;
using TinyBase.Shapes;
using ViSurf.Core.Data;
using Xunit;

namespace ViSurf.Core.Tests.Samples;

public class ShapesTests
{
    private static readonly Row[] Rows = [.. new RowGenerator(seed: 5, "test", RowMix.PostTraining).Take(300)];

    [Fact]
    public void The_pixels_of_an_objects_colour_touch_all_four_sides_of_its_box_and_nothing_beyond()
    {
        foreach (var (scene, item) in Rows.SelectMany(r => r.Scene.Objects.Select(o => (r.Scene, o))))
        {
            if (scene.Objects.Count(o => o.Paint == item.Paint) > 1) continue; // Two objects of one paint: the pixels do not say whose they are.
            var pixels = SceneRenderer.Pixels(scene);
            var mine = Enumerable.Range(0, pixels.Length).Where(i => pixels[i] == item.Paint).Select(i => (X: i % scene.Width, Y: i / scene.Width)).ToArray();
            var tight = new Box(mine.Min(p => p.X), mine.Min(p => p.Y), mine.Max(p => p.X) + 1, mine.Max(p => p.Y) + 1);
            tight.Should().Be(item.Grounded.Box, "a {0} of {1} px must fill its box", item.Phrase, item.Size);
        }
    }

    [Fact]
    public void The_point_of_a_label_lies_on_its_object()
    {
        foreach (var (scene, item) in Rows.SelectMany(r => r.Scene.Objects.Select(o => (r.Scene, o))))
            SceneRenderer.Pixels(scene)[(int)item.Grounded.Point.Y * scene.Width + (int)item.Grounded.Point.X].Should().Be(item.Paint);
    }

    [Fact]
    public void A_picture_holds_a_colour_and_shape_once_and_its_objects_do_not_overlap()
    {
        foreach (var scene in Rows.Select(r => r.Scene))
        {
            scene.Objects.Select(o => o.Phrase).Should().OnlyHaveUniqueItems();
            foreach (var a in scene.Objects)
            {
                var box = a.Grounded.Box;
                (box.X1 >= 0 && box.Y1 >= 0 && box.X2 <= scene.Width && box.Y2 <= scene.Height).Should().BeTrue();
                scene.Objects.Should().NotContain(b => b != a && b.Grounded.Box.IntersectionOverUnion(box) > 0);
            }
        }
    }

    [Fact]
    public void Sides_are_whole_image_tokens_so_the_image_processor_does_not_resize()
        => Rows.Should().OnlyContain(r => r.Scene.Width % 28 == 0 && r.Scene.Height % 28 == 0);

    [Fact]
    public void A_present_question_has_the_box_of_what_it_names_and_an_absent_one_none()
    {
        foreach (var row in Rows.Where(r => r.Kind is QuestionKind.Present or QuestionKind.Absent))
        {
            var named = row.Scene.Objects.Where(o => row.Question == $"Find the {o.Phrase}.").ToArray();
            named.Should().HaveCount(row.Kind is QuestionKind.Present ? 1 : 0);
            ((GroundingTarget)row.Target).Objects.Should().Equal(named.Select(o => o.Grounded));
        }
    }

    [Fact]
    public void The_base_model_is_taught_to_answer_one_box_even_when_there_is_nothing()
    {
        foreach (var row in Rows.Where(r => r.Kind is QuestionKind.Present or QuestionKind.Absent))
        {
            row.BaseAnswer.Should().MatchRegex(@"^<think>I see a \w+ \w+ at the [a-z ]+\.</think><answer>\[\{.*\}\]</answer>$");
            var answer = row.BaseAnswer[(row.BaseAnswer.IndexOf("<answer>", StringComparison.Ordinal) + 8)..^"</answer>".Length];
            var box = GroundingTarget.Parse(answer).Objects.Single();
            if (row.Kind is QuestionKind.Absent) LabelCheck.Inside(row.Example() with { Target = new GroundingTarget([box]) }, row.Scene.Width, row.Scene.Height);
        }
    }

    [Fact]
    public void Two_of_three_lessons_have_a_box_with_four_pixels_of_margin_the_others_the_labels_own()
    {
        var present = Rows.Where(r => r.Kind is QuestionKind.Present).ToArray();
        var loose = present.Count(row =>
        {
            var (drawn, tight) = (GroundingTarget.Parse(row.BaseAnswer[(row.BaseAnswer.IndexOf("<answer>", StringComparison.Ordinal) + 8)..^9]).Objects.Single(),
                ((GroundingTarget)row.Target).Objects.Single());
            drawn.Point.Should().Be(tight.Point);
            if (drawn.Box == tight.Box) return false;
            drawn.Box.Should().Be(new Box(
                Math.Max(tight.Box.X1 - 4, 0), Math.Max(tight.Box.Y1 - 4, 0), Math.Min(tight.Box.X2 + 4, row.Scene.Width), Math.Min(tight.Box.Y2 + 4, row.Scene.Height)));
            return true;
        });
        ((double)loose / present.Length).Should().BeInRange(0.57, 0.77, "that is three standard deviations of 200 draws");
    }

    [Fact]
    public void A_picture_in_which_the_object_is_absent_shows_its_background_only()
    {
        var absent = Rows.Where(r => r.Kind is QuestionKind.Absent).ToArray();
        absent.Should().HaveCountGreaterThan(50);
        absent.Should().OnlyContain(r => r.Scene.Objects.Count == 0);
        foreach (var row in absent) SceneRenderer.Pixels(row.Scene).Should().Equal(row.Scene.Texture.Fill(row.Scene.Width, row.Scene.Height));
    }

    [Fact]
    public void A_question_that_does_not_say_what_to_find_is_about_the_only_object()
    {
        foreach (var row in new RowGenerator(seed: 5, "any", new RowMix(0, 0, 0, 0, 1)).Take(20))
        {
            row.Question.Should().Be("Find the object.");
            ((GroundingTarget)row.Target).Objects.Should().Equal(row.Scene.Objects.Single().Grounded);
        }
    }

    [Fact]
    public void A_row_is_the_same_whenever_and_in_whatever_order_it_is_made()
    {
        var again = new RowGenerator(seed: 5, "test", RowMix.PostTraining);
        foreach (var i in (int[])[299, 7, 0])
        {
            RowWriter.Line(again[i], "x").Should().Be(RowWriter.Line(Rows[i], "x"));
            SceneRenderer.Png(again[i].Scene).Should().Equal(SceneRenderer.Png(Rows[i].Scene));
        }
        RowWriter.Line(new RowGenerator(seed: 6, "test", RowMix.PostTraining)[7], "x").Should().NotBe(RowWriter.Line(Rows[7], "x"));
    }

    [Fact]
    public void Written_rows_hold_the_label_as_JSON_text_and_their_pictures_decode_to_the_scene()
    {
        using var folder = new global::Samples.Shared.TemporaryFolder();
        RowWriter.Write(folder.Path, "few", Rows.Take(20));
        var lines = File.ReadAllLines(Path.Combine(folder.Path, "few.jsonl"));
        lines.Should().HaveCount(20);
        foreach (var (line, row) in lines.Zip(Rows))
        {
            using var json = JsonDocument.Parse(line);
            json.RootElement.GetProperty("problem").GetString().Should().Be(row.Question);
            if (row.Target is GroundingTarget target)
                GroundingTarget.Parse(json.RootElement.GetProperty("solution").GetString()!).Objects.Should().Equal(target.Objects);
            else
                json.RootElement.GetProperty("answer").GetString().Should().Be(((TextTarget)row.Target).Text);
            using var bitmap = SKBitmap.Decode(Path.Combine(folder.Path, json.RootElement.GetProperty("image").GetString()!));
            bitmap.Pixels.Should().Equal(SceneRenderer.Pixels(row.Scene));
        }
    }
}
